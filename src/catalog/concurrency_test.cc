#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

constexpr int kNumRowsEach = 20;

/// Opens the catalog by itself and adds rows under names that start with `owner`.
void add_rows(const testing::CatalogPlace& place, const std::string& owner) {
  auto catalog = place.open();
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

void expect_all_ready(const testing::CatalogPlace& place, size_t num_owners) {
  auto catalog = place.open();
  EXPECT_EQ(catalog->sources().list().size(), num_owners * kNumRowsEach);
  const auto tables = catalog->result_tables().list();
  EXPECT_EQ(tables.size(), num_owners * kNumRowsEach);
  for (const ResultTableRecord& table : tables) EXPECT_EQ(table.status, ResultTableStatus::Ready);
}

class CatalogConcurrency : public testing::BackendTest {};
TEST_ON_BOTH_BACKENDS(CatalogConcurrency);

TEST_P(CatalogConcurrency, processes_create_and_fill_one_catalog_together) {
  std::vector<pid_t> children;
  for (const char* owner : {"a", "b", "c"}) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        add_rows(place_, owner);
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
  expect_all_ready(place_, children.size());
}

/// Registers the channel "raced" and extends it; says by its exit status whether it was the one to do each.
int race_for_a_channel(const testing::CatalogPlace& place) {
  auto catalog = place.open();
  int won = 0;
  try {
    catalog->channels().add("raced", 3, {{"a", ChannelColumnType::Utf8}});
    won |= 1;
  } catch (const Error& error) {
    if (std::string(error.what()) != "channel 'raced': already exists") return 100;
  }
  try {
    catalog->channels().add_columns("raced",
                                    {{"b", ChannelColumnType::Utf8}, {"c", ChannelColumnType::Utf8}});
    won |= 2;
  } catch (const Error& error) {
    if (std::string(error.what()) != "channel 'raced': column 'b' already declared") return 100;
  }
  return won;
}

TEST_P(CatalogConcurrency, one_of_many_processes_registers_a_channel_and_one_extends_it) {
  place_.open();
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      int status = 101;
      try {
        status = race_for_a_channel(place_);
      } catch (...) {
      }
      _exit(status);
    }
    children.push_back(child);
  }
  int num_registered = 0;
  int num_extended = 0;
  for (pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_LE(WEXITSTATUS(status), 3);
    num_registered += WEXITSTATUS(status) & 1;
    num_extended += WEXITSTATUS(status) >> 1;
  }
  EXPECT_EQ(num_registered, 1);
  EXPECT_EQ(num_extended, 1);
  const ChannelRecord channel = place_.open()->channels().list().back();
  EXPECT_EQ(channel.id, "raced");
  EXPECT_EQ(channel.columns.size(), 3u);
}

TEST_P(CatalogConcurrency, threads_share_one_pool) {
  auto catalog = place_.open({.pool_size = 2});
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

TEST_P(CatalogConcurrency, readers_beside_writers_see_whole_changes_only) {
  constexpr int kNumThreads = 8;
  constexpr int kNumChannelsEach = 15;
  auto catalog = place_.open({.pool_size = 2 * kNumThreads});
  std::atomic<int> num_writing = kNumThreads;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kNumThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kNumChannelsEach; ++i) {
          const std::string id = "c" + std::to_string(t) + "_" + std::to_string(i);
          catalog->channels().add(id, t, {{"a", ChannelColumnType::Utf8}, {"b", ChannelColumnType::Utf8}});
          catalog->channels().add_columns(id,
                                          {{"c", ChannelColumnType::Int32}, {"d", ChannelColumnType::Int32}});
        }
        --num_writing;
      });
      threads.emplace_back([&] {
        size_t num_seen = 0;
        while (num_writing > 0) {
          const std::vector<ChannelRecord> channels = catalog->channels().list();
          EXPECT_GE(channels.size(), num_seen);
          num_seen = channels.size();
          for (const ChannelRecord& channel : channels) {
            if (!channel.id.starts_with('c')) continue;
            EXPECT_EQ(channel.columns.size() % 2, 0u) << channel.id;
          }
        }
      });
    }
  }
  const std::vector<ChannelRecord> channels = catalog->channels().list();
  EXPECT_EQ(channels.size(), static_cast<size_t>(2 + kNumThreads * kNumChannelsEach));
  for (const ChannelRecord& channel : channels) {
    if (!channel.id.starts_with('c')) continue;
    EXPECT_EQ(channel.columns.size(), 4u) << channel.id;
  }
}

}  // namespace
}  // namespace jammi::catalog
