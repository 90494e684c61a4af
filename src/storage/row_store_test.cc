#include "storage/row_store.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "io/memory_file_system.h"

namespace jammi::storage {
namespace {

std::shared_ptr<arrow::RecordBatch> rows_from(int64_t begin, int64_t count) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (int64_t id = begin; id < begin + count; ++id) {
    EXPECT_TRUE(ids.Append(id).ok());
    EXPECT_TRUE((id % 5 == 0 ? texts.AppendNull() : texts.Append("text " + std::to_string(id))).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())}), count,
      {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

void write_store(io::FileSystem& files, const std::string& path, const std::vector<int64_t>& batch_sizes) {
  RowStoreWriter writer(files, path, rows_from(0, 0)->schema(), "fingerprint-1");
  int64_t begin = 0;
  for (int64_t size : batch_sizes) {
    writer.append(rows_from(begin, size));
    begin += size;
  }
  writer.finish();
}

TEST(RowStore, takes_rows_in_the_order_asked_whatever_the_batches_were) {
  for (const std::vector<int64_t>& sizes : {std::vector<int64_t>{1000}, {1, 255, 256, 1, 487}, {100, 900}}) {
    io::MemoryFileSystem files;
    write_store(files, "t.rows", sizes);
    auto store = RowStore::open(files, "t.rows");
    EXPECT_EQ(store->num_rows(), 1000u);
    EXPECT_EQ(store->source_fingerprint(), "fingerprint-1");
    const std::vector<uint64_t> positions = {999, 0, 256, 255, 256};
    auto table = store->take(positions);
    ASSERT_EQ(table->num_rows(), 5);
    const auto& ids = static_cast<const arrow::Int64Array&>(*table->column(0)->chunk(0));
    for (size_t i = 0; i < positions.size(); ++i) {
      EXPECT_EQ(ids.Value(static_cast<int64_t>(i)), static_cast<int64_t>(positions[i]));
    }
    const auto& texts = static_cast<const arrow::StringArray&>(*table->column(1)->chunk(0));
    EXPECT_EQ(texts.GetString(0), "text 999");
    EXPECT_TRUE(texts.IsNull(1));
  }
}

TEST(RowStore, of_no_rows_keeps_its_columns) {
  io::MemoryFileSystem files;
  write_store(files, "t.rows", {});
  auto store = RowStore::open(files, "t.rows");
  EXPECT_EQ(store->num_rows(), 0u);
  EXPECT_EQ(store->take({})->num_columns(), 2);
}

TEST(RowStore, an_unfinished_writer_leaves_nothing) {
  io::MemoryFileSystem files;
  {
    RowStoreWriter writer(files, "t.rows", rows_from(0, 0)->schema(), "f");
  }
  EXPECT_FALSE(files.exists("t.rows"));
  EXPECT_FALSE(files.exists("t.rows.tmp"));
}

TEST(RowStore, refuses_a_truncated_file_at_every_length) {
  io::MemoryFileSystem files;
  write_store(files, "whole", {600});
  const std::string content = io::read_file(files, "whole");
  for (size_t length = 0; length < content.size(); length += 97) {
    io::write_file_atomically(files, "cut", std::as_bytes(std::span(content.data(), length)));
    EXPECT_ERROR(ErrorCode::DataCorruption, "damaged row store: cut", RowStore::open(files, "cut"));
  }
  EXPECT_ERROR(ErrorCode::NotFound, "none", RowStore::open(files, "none"));
}

TEST(RowStore, a_flipped_bit_is_an_error_or_other_content_but_never_a_crash) {
  io::MemoryFileSystem files;
  write_store(files, "whole", {600});
  const std::string content = io::read_file(files, "whole");
  for (size_t position = 0; position < content.size(); position += 11) {
    std::string flipped = content;
    flipped[position] = static_cast<char>(flipped[position] ^ 0x10);
    io::write_file_atomically(files, "flipped", std::as_bytes(std::span(flipped)));
    try {
      auto store = RowStore::open(files, "flipped");
      if (store->num_rows() == 600) {
        auto table = store->take(std::vector<uint64_t>{0, 300, 599});
        EXPECT_EQ(table->num_rows(), 3);
        EXPECT_TRUE(table->ValidateFull().ok()) << position;
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::DataCorruption) << error.what();
    }
  }
}

}  // namespace
}  // namespace jammi::storage
