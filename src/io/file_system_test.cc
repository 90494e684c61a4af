#include "io/file_system.h"

#include <functional>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "io/local_file_system.h"
#include "io/memory_file_system.h"

namespace jammi::io {
namespace {

using ::testing::ElementsAre;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void put(FileSystem& files, const std::string& path, std::string_view text) {
  auto file = files.create(path);
  file->append(bytes_of(text));
  file->close();
}

enum class Kind { Local, Memory };

/// What every file system promises.
class FileSystemTest : public ::testing::TestWithParam<Kind> {
 protected:
  std::string path(std::string_view name) const { return directory_.file(name); }

  testing::TemporaryDirectory directory_;
  std::shared_ptr<FileSystem> files_ =
      GetParam() == Kind::Local ? local_file_system() : std::make_shared<MemoryFileSystem>();
};

TEST_P(FileSystemTest, reads_any_range_of_what_was_appended) {
  auto file = files_->create(path("a"));
  file->append(bytes_of("hello "));
  file->append(bytes_of("world"));
  file->sync();
  file->close();

  auto reader = files_->open(path("a"));
  EXPECT_EQ(reader->size(), 11u);
  std::string part(5, ' ');
  EXPECT_EQ(reader->read_at(6, std::as_writable_bytes(std::span(part))), 5u);
  EXPECT_EQ(part, "world");
  EXPECT_EQ(reader->read_at(9, std::as_writable_bytes(std::span(part))), 2u);
  EXPECT_EQ(reader->read_at(11, std::as_writable_bytes(std::span(part))), 0u);
  EXPECT_EQ(reader->read_at(99, std::as_writable_bytes(std::span(part))), 0u);
  EXPECT_EQ(read_file(*files_, path("a")), "hello world");
}

TEST_P(FileSystemTest, maps_whole_files_even_empty_ones) {
  put(*files_, path("a"), "hello");
  put(*files_, path("empty"), "");
  const auto mapped = files_->map(path("a"));
  EXPECT_TRUE(std::ranges::equal(mapped->bytes(), bytes_of("hello")));
  EXPECT_TRUE(files_->map(path("empty"))->bytes().empty());
}

TEST_P(FileSystemTest, a_mapped_file_survives_its_removal) {
  put(*files_, path("a"), "hello");
  const auto mapped = files_->map(path("a"));
  EXPECT_TRUE(files_->remove(path("a")));
  EXPECT_TRUE(std::ranges::equal(mapped->bytes(), bytes_of("hello")));
}

TEST_P(FileSystemTest, rename_replaces_the_target) {
  put(*files_, path("a"), "new");
  put(*files_, path("b"), "old");
  files_->rename(path("a"), path("b"));
  EXPECT_FALSE(files_->exists(path("a")));
  EXPECT_EQ(read_file(*files_, path("b")), "new");
}

TEST_P(FileSystemTest, remove_says_whether_there_was_a_file) {
  put(*files_, path("a"), "");
  EXPECT_TRUE(files_->remove(path("a")));
  EXPECT_FALSE(files_->remove(path("a")));
}

TEST_P(FileSystemTest, list_names_the_files_of_one_directory_in_order) {
  files_->create_directories(path("sub/deeper"));
  put(*files_, path("b"), "");
  put(*files_, path("a"), "");
  put(*files_, path("sub/c"), "");
  EXPECT_THAT(files_->list(directory_.path().string()), ElementsAre("a", "b"));
  EXPECT_THAT(files_->list(path("sub")), ElementsAre("c"));
}

TEST_P(FileSystemTest, a_missing_file_is_named) {
  EXPECT_ERROR(ErrorCode::NotFound, path("none"), files_->open(path("none")));
  EXPECT_ERROR(ErrorCode::NotFound, path("none"), files_->map(path("none")));
  EXPECT_ERROR(ErrorCode::NotFound, path("none"), files_->rename(path("none"), path("b")));
}

TEST_P(FileSystemTest, a_lock_excludes_until_it_is_dropped) {
  auto lock = files_->try_lock(path("l"));
  ASSERT_TRUE(lock);
  EXPECT_FALSE(files_->try_lock(path("l")));
  EXPECT_TRUE(files_->try_lock(path("other")));
  lock.reset();
  EXPECT_TRUE(files_->exists(path("l")));
  EXPECT_TRUE(files_->try_lock(path("l")));
}

TEST_P(FileSystemTest, atomic_writing_leaves_only_the_file) {
  write_file_atomically(*files_, path("a"), bytes_of("one"));
  write_file_atomically(*files_, path("a"), bytes_of("two"));
  EXPECT_EQ(read_file(*files_, path("a")), "two");
  EXPECT_THAT(files_->list(directory_.path().string()), ElementsAre("a"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, FileSystemTest, ::testing::Values(Kind::Local, Kind::Memory),
                         [](const auto& kind) { return kind.param == Kind::Local ? "Local" : "Memory"; });

TEST(LocalFileSystem, a_full_device_is_resource_exhausted_and_named) {
  auto file = local_file_system()->create("/dev/full");
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "IO error: cannot write file: /dev/full",
               file->append(bytes_of("x")));
}

TEST(LocalFileSystem, a_directory_is_not_a_file) {
  testing::TemporaryDirectory directory;
  const std::string path = directory.path().string();
  EXPECT_ERROR(ErrorCode::InvalidArgument, path, local_file_system()->open(path));
  EXPECT_ERROR(ErrorCode::InvalidArgument, path, local_file_system()->create(path));
}

TEST(LocalFileSystem, a_lock_ends_with_the_process_that_held_it) {
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("l");
  int to_parent[2], to_child[2];
  ASSERT_EQ(pipe(to_parent), 0);
  ASSERT_EQ(pipe(to_child), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = local_file_system()->try_lock(path);
    char byte = lock ? 'y' : 'n';
    if (write(to_parent[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char is_locked = 0;
  ASSERT_EQ(read(to_parent[0], &is_locked, 1), 1);
  EXPECT_EQ(is_locked, 'y');
  EXPECT_FALSE(local_file_system()->try_lock(path));
  ASSERT_EQ(write(to_child[1], "x", 1), 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(local_file_system()->try_lock(path));
}

}  // namespace
}  // namespace jammi::io
