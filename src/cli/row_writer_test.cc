#include "cli/row_writer.h"

#include <sstream>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::cli {
namespace {

const std::shared_ptr<arrow::Schema> kSchema =
    arrow::schema({arrow::field("id", arrow::int32()), arrow::field("title", arrow::utf8())});

std::shared_ptr<arrow::RecordBatch> batch_of(const std::string& ids, const std::string& titles) {
  auto id = arrow::json::ArrayFromJSONString(arrow::int32(), ids).ValueOrDie();
  auto title = arrow::json::ArrayFromJSONString(arrow::utf8(), titles).ValueOrDie();
  return arrow::RecordBatch::Make(kSchema, id->length(), {id, title});
}

std::string printed(const arrow::RecordBatchVector& batches, OutputFormat format) {
  auto reader = arrow::RecordBatchReader::Make(batches, kSchema).ValueOrDie();
  std::ostringstream out;
  print_rows(*reader, format, out);
  return out.str();
}

TEST(BoxTable, each_batch_has_a_box_as_wide_as_its_values) {
  EXPECT_EQ(
      printed({batch_of("[1, 20]", R"(["a", null])"), batch_of("[3]", R"(["longer"])")}, OutputFormat::Table),
      "+----+-------+\n"
      "| id | title |\n"
      "+----+-------+\n"
      "| 1  | a     |\n"
      "| 20 |       |\n"
      "+----+-------+\n"
      "+----+--------+\n"
      "| id | title  |\n"
      "+----+--------+\n"
      "| 3  | longer |\n"
      "+----+--------+\n");
}

TEST(BoxTable, wide_and_control_characters_keep_the_rules_straight) {
  EXPECT_EQ(printed({batch_of("[1, 2]", R"(["日本語です", "\u001b[2J\t"])")}, OutputFormat::Table),
            "+----+------------+\n"
            "| id | title      |\n"
            "+----+------------+\n"
            "| 1  | 日本語です |\n"
            "| 2  | \\x1b[2J\\t  |\n"
            "+----+------------+\n");
}

TEST(BoxTable, a_value_of_several_lines_stays_in_its_cell) {
  EXPECT_EQ(printed({batch_of("[1]", R"(["plan\n  scan\n"])")}, OutputFormat::Table),
            "+----+--------+\n"
            "| id | title  |\n"
            "+----+--------+\n"
            "| 1  | plan   |\n"
            "|    |   scan |\n"
            "+----+--------+\n");
}

TEST(BoxTable, no_rows_are_said_to_be_none) {
  EXPECT_EQ(printed({}, OutputFormat::Table), "(0 rows)\n");
  EXPECT_EQ(printed({batch_of("[]", "[]")}, OutputFormat::Table), "(0 rows)\n");
}

TEST(JsonLines, one_object_a_row) {
  EXPECT_EQ(printed({batch_of("[1, null]", R"(["a\"b", "日"])")}, OutputFormat::Json),
            "{\"id\":1,\"title\":\"a\\\"b\"}\n"
            "{\"id\":null,\"title\":\"日\"}\n");
  EXPECT_EQ(printed({}, OutputFormat::Json), "");
}

TEST(Csv, quotes_what_needs_it_and_tells_null_from_empty) {
  EXPECT_EQ(printed({batch_of("[1, 2, null]", R"(["a,b", "say \"hi\"\n", ""])"), batch_of("[4]", "[null]")},
                    OutputFormat::Csv),
            "id,title\n"
            "1,\"a,b\"\n"
            "2,\"say \"\"hi\"\"\n\"\n"
            ",\"\"\n"
            "4,\n");
  EXPECT_EQ(printed({}, OutputFormat::Csv), "id,title\n");
}

TEST(PrintRows, an_error_of_the_reader_is_thrown) {
  class FailingReader : public arrow::RecordBatchReader {
   public:
    std::shared_ptr<arrow::Schema> schema() const override { return kSchema; }
    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>*) override {
      return arrow::Status::IOError("disk on fire");
    }
  };
  FailingReader reader;
  std::ostringstream out;
  EXPECT_ERROR(ErrorCode::Unavailable, "disk on fire", print_rows(reader, OutputFormat::Table, out));
  EXPECT_EQ(out.str(), "");
}

TEST(PrintRows, a_table_is_printed_in_one_box) {
  auto table = arrow::Table::FromRecordBatches({batch_of("[1]", R"(["a"])"), batch_of("[2]", R"(["b"])")});
  std::ostringstream out;
  print_rows(**table, OutputFormat::Table, out);
  EXPECT_EQ(out.str(),
            "+----+-------+\n"
            "| id | title |\n"
            "+----+-------+\n"
            "| 1  | a     |\n"
            "| 2  | b     |\n"
            "+----+-------+\n");
}

}  // namespace
}  // namespace jammi::cli
