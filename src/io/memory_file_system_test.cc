#include "io/memory_file_system.h"

#include <string>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::io {
namespace {

using PowerCut = MemoryFileSystem::PowerCut;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(MemoryFileSystem, a_power_cut_takes_unsynced_bytes_and_names) {
  MemoryFileSystem files;
  auto named = files.create("d/named");
  named->append(bytes_of("durable"));
  named->sync();
  files.sync_directory("d");
  named->append(bytes_of("1234"));
  auto unnamed = files.create("d/unnamed");
  unnamed->append(bytes_of("x"));
  unnamed->sync();

  EXPECT_EQ(read_file(*files.after_power_cut({}), "d/named"), "durable");
  EXPECT_FALSE(files.after_power_cut({})->exists("d/unnamed"));
  EXPECT_EQ(read_file(*files.after_power_cut({.keeps_half_bytes = true}), "d/named"), "durable12");
  EXPECT_EQ(read_file(*files.after_power_cut({.keeps_names = true}), "d/unnamed"), "x");
}

TEST(MemoryFileSystem, a_power_cut_may_undo_a_rename) {
  MemoryFileSystem files;
  write_file_atomically(files, "d/a", bytes_of("old"));
  auto file = files.create("d/b");
  file->append(bytes_of("new"));
  file->sync();
  files.rename("d/b", "d/a");
  EXPECT_EQ(read_file(*files.after_power_cut({}), "d/a"), "old");
  EXPECT_EQ(read_file(*files.after_power_cut({.keeps_names = true}), "d/a"), "new");
  files.sync_directory("d");
  EXPECT_EQ(read_file(*files.after_power_cut({}), "d/a"), "new");
}

TEST(MemoryFileSystem, a_power_cut_drops_locks_and_leaves_the_original_untouched) {
  MemoryFileSystem files;
  auto lock = files.try_lock("d/l");
  auto left = files.after_power_cut({.keeps_names = true});
  EXPECT_TRUE(left->try_lock("d/l"));
  EXPECT_FALSE(files.try_lock("d/l"));
  left->remove("d/l");
  EXPECT_TRUE(files.exists("d/l"));
}

}  // namespace
}  // namespace jammi::io
