// Whatever interrupts the writing of a result table, a later opening finds the old table or the new one,
// complete, and no file that belongs to neither.
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "index/sidecar_writer.h"
#include "index/vector_index.h"
#include "io/fault_injecting_file_system.h"
#include "io/local_file_system.h"
#include "io/memory_file_system.h"
#include "storage/testing.h"

namespace jammi {
namespace {

using catalog::Catalog;
using storage::ResultStore;
using storage::testing::Rows;

constexpr uint32_t kDimensions = 4;
constexpr size_t kNumOldRows = 30;
constexpr size_t kNumNewRows = 50;

ResultTableRecord write_table(ResultStore& store, size_t num_rows) {
  const storage::TableDefinition definition = storage::testing::patents_definition(kDimensions);
  const Rows rows = storage::testing::make_rows(num_rows, kDimensions);
  auto writer = store.create(definition);
  index::SidecarWriter sidecars(store, writer->table().table_name, definition, 1);
  writer->append(rows.ids, rows.vectors);
  sidecars.add(rows.ids, rows.vectors);
  writer->seal();
  sidecars.finish();
  return writer->finish();
}

/// Opens the store as the next session would and checks what it finds. Returns the rows of the current table.
size_t reopen_and_check(std::shared_ptr<io::FileSystem> files, const std::string& root,
                        std::shared_ptr<Catalog> catalog) {
  ResultStore store(files, root, catalog);
  store.recover([&](const ResultTableRecord& table) { index::rebuild_sidecars(store, table); });

  std::set<std::string> ready;
  for (const ResultTableRecord& table : catalog->result_tables().list()) {
    EXPECT_NE(table.status, ResultTableStatus::Building) << table.table_name;
    if (table.status == ResultTableStatus::Ready) ready.insert(table.table_name);
  }
  for (const std::string& file : files->list(root))
    EXPECT_TRUE(ready.contains(file.substr(0, file.find('.'))) && !file.ends_with(".tmp")) << file;

  const ResultTableRecord table = catalog->result_tables().latest_ready_embedding("patents");
  const Rows expected = storage::testing::make_rows(static_cast<size_t>(table.row_count), kDimensions);
  const Rows found = storage::testing::read_all(*store.open(table));
  EXPECT_EQ(found.ids, expected.ids);
  EXPECT_EQ(found.vectors, expected.vectors);
  const auto index = index::open_vector_index(store, table, {.exact_below = 0});
  EXPECT_EQ(index->search(std::span(expected.vectors).first(kDimensions), 1).at(0).row_id, "r0");
  return found.ids.size();
}

class ResultTableCrash : public ::testing::Test {
 protected:
  std::shared_ptr<Catalog> open_catalog(const std::string& name) const {
    return Catalog::open(directory_.path() / name / "catalog.db");
  }

  /// A copy of the catalog as it is now.
  std::shared_ptr<Catalog> copy_catalog(Catalog& catalog) {
    const std::string name = "copy" + std::to_string(num_copies_++);
    std::filesystem::create_directories(directory_.path() / name);
    catalog.pool().lease()->execute("VACUUM INTO '" + directory_.file(name + "/catalog.db") + "'");
    return open_catalog(name);
  }

  testing::TemporaryDirectory directory_;
  int num_copies_ = 0;
};

TEST_F(ResultTableCrash, a_device_that_fills_up_at_any_call_leaves_old_or_new) {
  bool was_written = false;
  for (size_t n = 1; !was_written; ++n) {
    SCOPED_TRACE("device full from call " + std::to_string(n));
    auto memory = std::make_shared<io::MemoryFileSystem>();
    auto catalog = open_catalog("full" + std::to_string(n));
    ResultStore old_store(memory, "root", catalog);
    write_table(old_store, kNumOldRows);

    auto faulty = std::make_shared<io::FaultInjectingFileSystem>(memory, io::device_full_from(n));
    try {
      ResultStore store(faulty, "root", catalog);
      write_table(store, kNumNewRows);
      was_written = true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted) << error.what();
    }
    EXPECT_EQ(reopen_and_check(memory, "root", catalog), was_written ? kNumNewRows : kNumOldRows);
    ASSERT_LT(n, 1000u);
  }
}

TEST_F(ResultTableCrash, a_power_cut_at_any_call_leaves_old_or_new) {
  auto memory = std::make_shared<io::MemoryFileSystem>();
  auto catalog = open_catalog("live");
  ResultStore old_store(memory, "root", catalog);
  write_table(old_store, kNumOldRows);

  std::set<size_t> outcomes;
  auto check_power_cut = [&](size_t number, std::string_view call) {
    for (const bool keeps_names : {false, true}) {
      for (const bool keeps_half_bytes : {false, true}) {
        SCOPED_TRACE("power cut before call " + std::to_string(number) + ", " + std::string(call) +
                     (keeps_names ? ", names kept" : "") + (keeps_half_bytes ? ", half the bytes kept" : ""));
        const auto left =
            memory->after_power_cut({.keeps_names = keeps_names, .keeps_half_bytes = keeps_half_bytes});
        outcomes.insert(reopen_and_check(left, "root", copy_catalog(*catalog)));
      }
    }
  };
  auto observed = std::make_shared<io::FaultInjectingFileSystem>(memory, check_power_cut);
  ResultStore store(observed, "root", catalog);
  write_table(store, kNumNewRows);
  check_power_cut(observed->num_changes() + 1, "end");
  EXPECT_EQ(outcomes, (std::set<size_t>{kNumOldRows, kNumNewRows}));
}

TEST_F(ResultTableCrash, a_process_killed_at_any_call_leaves_old_or_new) {
  constexpr int kKilled = 9;
  std::set<size_t> outcomes;
  int status = kKilled;
  for (size_t n = 1; status != 0; ++n) {
    SCOPED_TRACE("killed before call " + std::to_string(n));
    const std::string name = "killed" + std::to_string(n);
    const std::string root = directory_.file(name + "/jammi_db");
    {
      ResultStore old_store(io::local_file_system(), root, open_catalog(name));
      write_table(old_store, kNumOldRows);
    }
    const pid_t child = fork();
    if (child == 0) {
      auto dying = std::make_shared<io::FaultInjectingFileSystem>(io::local_file_system(),
                                                                  [n](size_t number, std::string_view) {
                                                                    if (number == n) _exit(kKilled);
                                                                  });
      try {
        ResultStore store(dying, root, open_catalog(name));
        write_table(store, kNumNewRows);
      } catch (...) {
        _exit(1);
      }
      _exit(0);
    }
    ASSERT_EQ(waitpid(child, &status, 0), child);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ASSERT_TRUE(status == kKilled || status == 0) << status;
    const size_t num_rows = reopen_and_check(io::local_file_system(), root, open_catalog(name));
    EXPECT_TRUE(status == kKilled || num_rows == kNumNewRows);
    outcomes.insert(num_rows);
  }
  EXPECT_EQ(outcomes, (std::set<size_t>{kNumOldRows, kNumNewRows}));
}

}  // namespace
}  // namespace jammi
