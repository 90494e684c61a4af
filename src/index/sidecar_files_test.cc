#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "index/row_map.h"
#include "index/vectors_file.h"
#include "io/memory_file_system.h"

namespace jammi::index {
namespace {

class SidecarFilesTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& content) {
    files_.create(path)->append(std::as_bytes(std::span(content)));
  }

  io::MemoryFileSystem files_;
};

TEST_F(SidecarFilesTest, a_row_map_has_the_documented_bytes) {
  std::string bytes;
  append_row_map_header(bytes);
  append_row_map_entry(bytes, "ab");
  append_row_map_entry(bytes, "");
  EXPECT_EQ(bytes, std::string("\1\0\0\0\2\0\0\0ab\0\0\0\0", 14));
}

TEST_F(SidecarFilesTest, a_row_map_gives_ids_by_position) {
  std::string bytes;
  append_row_map_header(bytes);
  for (const char* id : {"first", "", "zwölf"}) append_row_map_entry(bytes, id);
  put("m", bytes);
  const RowMap map(files_.map("m"), 3);
  EXPECT_EQ(map[0], "first");
  EXPECT_EQ(map[1], "");
  EXPECT_EQ(map[2], "zwölf");
}

TEST_F(SidecarFilesTest, a_row_map_of_another_length_or_version_is_refused) {
  std::string bytes;
  append_row_map_header(bytes);
  for (const char* id : {"first", "second"}) append_row_map_entry(bytes, id);
  for (size_t size = 0; size < bytes.size(); ++size) {
    put("m", bytes.substr(0, size));
    EXPECT_ERROR(ErrorCode::DataCorruption, "row map is damaged", RowMap(files_.map("m"), 2));
  }
  put("m", bytes);
  EXPECT_ERROR(ErrorCode::DataCorruption, "too many entries", RowMap(files_.map("m"), 1));
  EXPECT_ERROR(ErrorCode::DataCorruption, "entries are missing", RowMap(files_.map("m"), 3));
  EXPECT_ERROR(ErrorCode::DataCorruption, "entries are missing", RowMap(files_.map("m"), ~uint64_t{0}));
  bytes[0] = 2;
  put("m", bytes);
  EXPECT_ERROR(ErrorCode::DataCorruption, "unknown version", RowMap(files_.map("m"), 2));
}

class VectorsFileTest : public SidecarFilesTest {
 protected:
  VectorsFileTest() {
    VectorsFileWriter writer(files_.create("v"), 3);
    writer.append(std::span(values_).first(3));
    writer.append(std::span(values_).subspan(3));
    writer.finish();
  }

  std::vector<float> values_ = {1, 2, 3, 4, 5, 6};
};

TEST_F(VectorsFileTest, gives_rows_by_position) {
  const VectorsFile file(files_.map("v"), 2, 3);
  EXPECT_TRUE(std::ranges::equal(file.row(0), std::span(values_).first(3)));
  EXPECT_TRUE(std::ranges::equal(file.row(1), std::span(values_).subspan(3)));
}

TEST_F(VectorsFileTest, a_damaged_row_is_noticed_when_read) {
  std::string bytes = io::read_file(files_, "v");
  bytes[13] ^= 1;
  put("v", bytes);
  const VectorsFile file(files_.map("v"), 2, 3);
  EXPECT_EQ(file.row(0)[0], 1);
  EXPECT_ERROR(ErrorCode::DataCorruption, "damaged at row: 1", file.row(1));
}

TEST_F(VectorsFileTest, another_shape_is_refused) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "another shape", VectorsFile(files_.map("v"), 3, 3));
  EXPECT_ERROR(ErrorCode::DataCorruption, "another shape", VectorsFile(files_.map("v"), 2, 4));
  const std::string bytes = io::read_file(files_, "v");
  for (size_t size = 0; size < bytes.size(); ++size) {
    put("v", bytes.substr(0, size));
    EXPECT_ERROR(ErrorCode::DataCorruption, "another shape", VectorsFile(files_.map("v"), 2, 3));
  }
}

}  // namespace
}  // namespace jammi::index
