#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "catalog/catalog.h"

namespace jammi::catalog {
namespace {

constexpr int kNumRowsEach = 20;

/// Opens the catalog by itself and adds rows under names that start with `owner`.
void add_rows(const std::filesystem::path& file, const std::string& owner) {
  auto catalog = Catalog::open(file);
  for (int i = 0; i < kNumRowsEach; ++i) {
    const std::string name = owner + std::to_string(i);
    catalog->sources().add(name, SourceType::File, {});
    ResultTableRecord table;
    table.table_name = name;
    table.source_id = name;
    table.created_at = timestamp_now();
    catalog->result_tables().insert_building(table);
    catalog->result_tables().mark_ready(name, i);
  }
}

void expect_all_ready(const std::filesystem::path& file, size_t num_owners) {
  auto catalog = Catalog::open(file);
  EXPECT_EQ(catalog->sources().list().size(), num_owners * kNumRowsEach);
  const auto tables = catalog->result_tables().list();
  EXPECT_EQ(tables.size(), num_owners * kNumRowsEach);
  for (const ResultTableRecord& table : tables) EXPECT_EQ(table.status, ResultTableStatus::Ready);
}

TEST(CatalogConcurrency, processes_create_and_fill_one_catalog_together) {
  testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "catalog.db";
  std::vector<pid_t> children;
  for (const char* owner : {"a", "b", "c"}) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        add_rows(file, owner);
      } catch (...) {
        _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  expect_all_ready(file, children.size());
}

TEST(CatalogConcurrency, threads_share_one_pool) {
  testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "catalog.db";
  auto catalog = Catalog::open(file, {.pool_size = 2});
  std::atomic<int> num_added = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kNumRowsEach; ++i) {
          // Every id is tried by all threads; exactly one of them succeeds.
          try {
            catalog->sources().add(std::to_string(i), SourceType::File, {});
            ++num_added;
          } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::AlreadyExists) << error.what();
          }
        }
      });
    }
  }
  EXPECT_EQ(num_added, kNumRowsEach);
  EXPECT_EQ(catalog->sources().list().size(), static_cast<size_t>(kNumRowsEach));
}

}  // namespace
}  // namespace jammi::catalog
