#include "sql/record_batch_format.h"

#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <duckdb/common/arrow/arrow_converter.hpp>
#include <duckdb/common/arrow/arrow_format.hpp>
#include <duckdb/main/query_result_stream.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "sql/arrow_status.h"
#include "sql/errors.h"

namespace jammi::sql {
namespace {

using ::testing::ElementsAre;

class RecordBatchFormatTest : public ::testing::Test {
 protected:
  RecordBatchFormatTest() : database_(nullptr), connection_(database_) { run("SET threads = 2"); }

  void run(const std::string& statement) {
    const auto result = connection_.Query(statement);
    if (result->HasError()) throw to_error(result->GetErrorObject());
  }

  template <typename Format, typename... Options>
  duckdb::QueryResultStream<Format> stream(const std::string& query, Options... options) {
    auto result = connection_.Submit(query, duckdb::make_shared_ptr<Format>(options...));
    if (result->HasError()) throw to_error(result->GetErrorObject());
    return duckdb::QueryResultStream<Format>(std::move(result));
  }

  template <typename... Options>
  std::shared_ptr<arrow::Table> read(const std::string& query, Options... options) {
    auto rows = stream<RecordBatchFormat>(query, options...);
    const std::shared_ptr<arrow::Schema> schema = rows.FormatState().schema;
    arrow::RecordBatchVector batches;
    while (const auto batch = rows.Fetch()) {
      throw_if_error((*batch)->ValidateFull());
      batches.push_back(*batch);
    }
    if (rows.HasError()) throw to_error(rows.GetErrorObject());
    return value_or_throw(arrow::Table::FromRecordBatches(schema, batches));
  }

  std::shared_ptr<arrow::Table> read_by_duckdb(const std::string& query) {
    auto rows = stream<duckdb::ArrowFormat>(query, 2048);
    ArrowSchema exported;
    duckdb::vector<duckdb::string> names;
    for (const duckdb::Identifier& name : rows.GetNames()) names.push_back(name.GetIdentifierName());
    duckdb::ArrowConverter::ToArrowSchema(&exported, rows.GetTypes(), names, rows.GetClientProperties());
    const auto schema = value_or_throw(arrow::ImportSchema(&exported));
    arrow::RecordBatchVector batches;
    while (const auto batch = rows.Fetch()) {
      ArrowArray array;
      batch->MoveTo(array);
      batches.push_back(value_or_throw(arrow::ImportRecordBatch(&array, schema)));
    }
    return value_or_throw(arrow::Table::FromRecordBatches(schema, batches));
  }

  void expect_what_duckdb_makes(const std::string& query) {
    SCOPED_TRACE(query);
    const auto expected = read_by_duckdb(query);
    for (const uint64_t batch_rows : {7, 1000, 2048, 122'880}) {
      SCOPED_TRACE(batch_rows);
      const auto actual = read(query, batch_rows);
      EXPECT_TRUE(actual->schema()->Equals(*expected->schema(), true)) << actual->schema()->ToString(true);
      EXPECT_TRUE(actual->Equals(*expected));
    }
  }

  static std::vector<int64_t> batch_lengths(const arrow::Table& table) {
    std::vector<int64_t> lengths;
    for (const auto& chunk : table.column(0)->chunks()) lengths.push_back(chunk->length());
    return lengths;
  }

  jammi::testing::TemporaryDirectory directory_;
  duckdb::DuckDB database_;
  duckdb::Connection connection_;
};

TEST_F(RecordBatchFormatTest, texts_of_every_length_are_what_duckdb_makes_of_them) {
  expect_what_duckdb_makes(
      "SELECT repeat('ab', range % 17) AS s, repeat('ß', range % 9) AS t FROM range(5000)");
  expect_what_duckdb_makes("SELECT repeat('x', range * 100) AS s FROM range(300)");
  expect_what_duckdb_makes("SELECT '' AS s FROM range(3000)");
}

TEST_F(RecordBatchFormatTest, nulls_are_what_duckdb_makes_of_them) {
  expect_what_duckdb_makes(
      "SELECT CASE WHEN range % 3 > 0 THEN 'a text of row ' || range END AS s FROM range(5000)");
  expect_what_duckdb_makes("SELECT CASE WHEN range = 4000 THEN 'x' END AS s, range AS n FROM range(5000)");
  expect_what_duckdb_makes("SELECT NULL::VARCHAR AS s, range::VARCHAR AS t FROM range(5000)");
}

TEST_F(RecordBatchFormatTest, constant_and_filtered_vectors_are_what_duckdb_makes_of_them) {
  expect_what_duckdb_makes("SELECT 'constant' AS s, 'a longer constant' AS t, range AS n FROM range(5000)");
  expect_what_duckdb_makes(
      "SELECT s, n FROM (SELECT CASE WHEN range % 7 > 0 THEN 'text ' || range END AS s, range AS n "
      "FROM range(9000)) WHERE n % 5 = 1 AND (s IS NULL OR s LIKE '%1%')");
  expect_what_duckdb_makes(
      "SELECT s, count(*) AS n FROM (SELECT 'g' || range % 9 AS s FROM range(99)) GROUP BY s ORDER BY s");
}

TEST_F(RecordBatchFormatTest, types_beside_text_are_what_duckdb_makes_of_them) {
  const std::string types =
      "SELECT 'text' AS s, '{\"a\": 1}'::JSON AS j, 'bytes'::BLOB AS b, '101'::BIT AS bits, "
      "'00000000-0000-0000-0000-000000000001'::UUID AS u, 'y'::ENUM('x', 'y') AS e, ['a', NULL, 'long enough "
      "text'] "
      "AS l, {'k': 'v', 'n': range} AS r, MAP {'a': range::VARCHAR} AS m, range::DECIMAL(9, 2) AS d, "
      "range::HUGEINT AS h, "
      "TIMESTAMPTZ '2026-11-21 19:00:00+00' AS z, DATE '2026-11-21' AS day, range % 2 = 0 AS flag, "
      "'B' COLLATE NOCASE AS c, range AS s FROM range(3000)";
  expect_what_duckdb_makes(types);
  for (const char* option :
       {"arrow_lossless_conversion", "arrow_large_buffer_size", "produce_arrow_string_view"}) {
    SCOPED_TRACE(option);
    run(std::string("SET ") + option + " = true");
    expect_what_duckdb_makes(types);
    run(std::string("RESET ") + option);
  }
}

TEST_F(RecordBatchFormatTest, results_without_text_without_others_and_without_rows_have_their_schema) {
  expect_what_duckdb_makes("SELECT range AS n, range * 0.5 AS x FROM range(5000)");
  expect_what_duckdb_makes("SELECT 'a' || range AS s, 'b' AS s FROM range(5000)");
  expect_what_duckdb_makes("SELECT 'a' AS s, 1 AS n WHERE false");
}

TEST_F(RecordBatchFormatTest, rows_of_a_file_with_many_row_groups_keep_their_order) {
  const std::string file = "'" + directory_.file("rows.parquet") + "'";
  run("COPY (SELECT range AS n, 'r' || range % 10 AS region, 'note of row ' || range AS note, CASE WHEN "
      "range % 11 > 0 "
      "THEN repeat('é', range % 20) END AS maybe FROM range(100000)) TO " +
      file + " (FORMAT parquet, ROW_GROUP_SIZE 5000)");
  expect_what_duckdb_makes("SELECT * FROM read_parquet(" + file + ")");
  expect_what_duckdb_makes("SELECT region, note FROM read_parquet(" + file + ") WHERE n % 3 = 0");
}

TEST_F(RecordBatchFormatTest, a_batch_ends_at_its_number_of_rows) {
  run("SET threads = 1");
  EXPECT_THAT(batch_lengths(*read("SELECT 's' || range AS s FROM range(2500)", 1000)),
              ElementsAre(1000, 1000, 500));
  EXPECT_THAT(batch_lengths(*read("SELECT 's' || range AS s FROM range(2500)", 2500)), ElementsAre(2500));
}

TEST_F(RecordBatchFormatTest, a_batch_ends_before_a_column_has_too_much_text) {
  run("SET threads = 1");
  const std::string query = "SELECT range AS n, 't' AS t, 'text ' || range AS s FROM range(10)";
  const auto table = read(query, 5, 20);  // a text of s is 6 bytes long
  EXPECT_THAT(batch_lengths(*table), ElementsAre(3, 3, 3, 1));
  EXPECT_TRUE(table->Equals(*read_by_duckdb(query)));
  EXPECT_THAT(batch_lengths(*read("SELECT 'text' AS s FROM range(3000)", 2000, 6000)),
              ElementsAre(1500, 1500));
}

TEST_F(RecordBatchFormatTest, a_text_longer_than_a_batch_may_hold_is_an_error) {
  const std::string query = "SELECT repeat('x', range) AS s FROM range(22)";
  EXPECT_ERROR(ErrorCode::ResourceExhausted,
               "a text is too long for a result; select a part of it, in bytes at most: 20",
               read(query, 1000, 20));
  EXPECT_TRUE(read(query, 1000, 21)->Equals(*read_by_duckdb(query)));
}

}  // namespace
}  // namespace jammi::sql
