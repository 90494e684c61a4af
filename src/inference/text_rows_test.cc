#include "inference/text_rows.h"

#include <optional>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"

namespace jammi::inference {
namespace {

using Cells = std::vector<std::optional<std::string>>;

std::shared_ptr<arrow::Array> utf8(const Cells& cells) {
  arrow::StringBuilder builder;
  for (const auto& cell : cells) {
    EXPECT_TRUE((cell ? builder.Append(*cell) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

TextRowReader reader_of(const std::vector<std::vector<Cells>>& batches) {
  auto schema = arrow::schema({});
  arrow::RecordBatchVector arrow_batches;
  for (const auto& columns : batches) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const Cells& cells : columns) {
      fields.push_back(arrow::field("c" + std::to_string(fields.size()), arrow::utf8()));
      arrays.push_back(utf8(cells));
    }
    schema = arrow::schema(fields);
    arrow_batches.push_back(arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays));
  }
  return TextRowReader(arrow::RecordBatchReader::Make(arrow_batches, schema).ValueOrDie());
}

TEST(TextRowReader, joins_text_columns_with_one_space_and_skips_nulls) {
  TextRowReader reader = reader_of({{{"1", "2", "3"}, {"a", std::nullopt, "a"}, {"b", "b", std::nullopt}}});
  std::vector<TextRow> rows = reader.next(10, 1000);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].text, "a b");
  EXPECT_EQ(rows[1].text, "b");
  EXPECT_EQ(rows[2].text, "a");
}

TEST(TextRowReader, rows_without_text_or_key_carry_the_reason) {
  TextRowReader reader = reader_of({{{"1", "2", std::nullopt}, {std::nullopt, "", "text"}}});
  std::vector<TextRow> rows = reader.next(10, 1000);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].error, "Empty or null text input");
  EXPECT_EQ(rows[1].error, "Empty or null text input");
  EXPECT_EQ(rows[2].error, kNullKeyError);
}

TEST(TextRowReader, blank_text_counts_as_text) {
  TextRowReader reader = reader_of({{{"1"}, {""}, {""}}});
  EXPECT_TRUE(reader.next(1, 1)[0].is_ok()) << "two empty columns join to one space";
}

TEST(TextRowReader, cuts_by_rows_and_by_bytes_across_batches) {
  TextRowReader reader = reader_of({{{"1", "2"}, {"aaaa", "bbbb"}}, {{"3", "4"}, {"cccc", "dddd"}}});
  EXPECT_EQ(reader.next(3, 1000).size(), 3u);
  EXPECT_EQ(reader.next(3, 1000).size(), 1u);
  EXPECT_TRUE(reader.next(3, 1000).empty());

  TextRowReader small = reader_of({{{"1", "2", "3"}, {"aaaa", "bbbb", "cccc"}}});
  EXPECT_EQ(small.next(10, 5).size(), 2u);
  EXPECT_EQ(small.next(10, 5).size(), 1u);
}

}  // namespace
}  // namespace jammi::inference
