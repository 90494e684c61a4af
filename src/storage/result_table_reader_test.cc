#include "storage/result_table_reader.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "io/memory_file_system.h"
#include "storage/parquet_vector_writer.h"
#include "storage/testing.h"

namespace jammi::storage {
namespace {

using testing::make_rows;
using testing::Rows;

class ResultTableReaderTest : public ::testing::Test {
 protected:
  ResultTableReaderTest() {
    ParquetVectorWriter writer(files_, "t.parquet", testing::patents_definition(4));
    writer.append(rows_.ids, rows_.vectors);
    writer.finish();
    content_ = io::read_file(files_, "t.parquet");
  }

  void put(const std::string& content) {
    auto file = files_.create("t.parquet");
    file->append(std::as_bytes(std::span(content)));
  }

  /// Reads the file; true when it gave exactly the rows written.
  bool reads_back() {
    ResultTableReader reader(files_, "t.parquet");
    const Rows back = testing::read_all(reader);
    return back.ids == rows_.ids && back.vectors == rows_.vectors;
  }

  io::MemoryFileSystem files_;
  Rows rows_ = make_rows(50, 4);
  std::string content_;
};

TEST_F(ResultTableReaderTest, a_missing_file_is_named) {
  EXPECT_ERROR(ErrorCode::NotFound, "none.parquet", ResultTableReader(files_, "none.parquet"));
}

TEST_F(ResultTableReaderTest, a_file_cut_anywhere_is_refused_by_name) {
  for (size_t size = 0; size < content_.size(); size += 7) {
    put(content_.substr(0, size));
    EXPECT_ERROR(ErrorCode::DataCorruption, "t.parquet", reads_back());
  }
}

TEST_F(ResultTableReaderTest, no_damaged_byte_changes_a_row_unnoticed) {
  size_t num_refused = 0;
  for (size_t i = 0; i < content_.size(); ++i) {
    std::string damaged = content_;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    put(damaged);
    try {
      EXPECT_TRUE(reads_back()) << "byte " << i << " of " << content_.size();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::DataCorruption) << error.what();
      ++num_refused;
    }
  }
  EXPECT_GT(num_refused, content_.size() / 2);
}

}  // namespace
}  // namespace jammi::storage
