#include "table/store.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "catalog/testing.h"
#include "sql/arrow_status.h"
#include "sql/engine.h"
#include "sql/testing.h"
#include "table/row_sql.h"
#include "table/testing.h"

namespace jammi::table {
namespace {

using sql::testing::Row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Rows = std::vector<Row>;

class MutableTables : public catalog::testing::BackendTest {
 protected:
  MutableTables() {
    store_->create(MutableTableBuilder("items")
                       .column("id", ColumnType::Utf8)
                       .column("since", ColumnType::Int64)
                       .nullable_column("until", ColumnType::Int64)
                       .nullable_column("tier", ColumnType::Utf8)
                       .primary_key({"id", "since"})
                       .index({.name = "idx_tier", .columns = {"tier"}})
                       .build());
    store_->create(MutableTableBuilder("numbers")
                       .column("n", ColumnType::Int64)
                       .nullable_column("label", ColumnType::Utf8)
                       .primary_key({"n"})
                       .index({.name = "idx_label", .columns = {"label"}, .is_unique = true})
                       .order_column("n")
                       .chunk_size(64)
                       .build());
  }

  Rows run(const std::string& text) { return sql::testing::read_rows(*engine_.query(text)); }

  std::shared_ptr<catalog::Catalog> catalog_ = place_.open();
  std::shared_ptr<Store> store_ = std::make_shared<Store>(catalog_);
  sql::Engine engine_ = testing::engine_over(store_, place_.directory());
};
TEST_ON_BOTH_BACKENDS(MutableTables);

class MutableTablesInFiles : public MutableTables {};
INSTANTIATE_TEST_SUITE_P(on, MutableTablesInFiles, ::testing::Values(catalog::Backend::Sqlite),
                         catalog::testing::backend_name);

TEST_P(MutableTables, show_the_declared_columns_alone) {
  const auto reader = engine_.query("SELECT * FROM mutable.public.items LIMIT 0");
  EXPECT_THAT(sql::testing::column_names(*reader), ElementsAre("id", "since", "until", "tier"));
  EXPECT_THAT(run("SELECT table_name FROM information_schema.tables WHERE table_catalog = 'mutable'"),
              ElementsAre(Row{"items"}, Row{"numbers"}));
}

TEST_P(MutableTables, insert_update_and_delete_report_the_rows_they_changed) {
  const auto inserted = engine_.query(
      "INSERT INTO mutable.public.items (id, since, tier) VALUES ('a', 1, 'x'), ('b', 1, 'y'), ('c', 1, "
      "NULL)");
  EXPECT_EQ(inserted->schema()->ToString(), "count: uint64 not null");
  EXPECT_EQ(sql::testing::read_rows(*inserted), (Rows{{"3"}}));
  EXPECT_EQ(run("UPDATE mutable.public.items SET tier = 'z' WHERE id >= 'b'"), (Rows{{"2"}}));
  EXPECT_EQ(run("UPDATE mutable.public.items SET tier = 'z' WHERE id = 'nobody'"), (Rows{{"0"}}));
  EXPECT_EQ(run("DELETE FROM mutable.public.items WHERE id = 'a'"), (Rows{{"1"}}));
  EXPECT_EQ(run("SELECT * FROM mutable.public.items ORDER BY id"),
            (Rows{{"b", "1", "NULL", "z"}, {"c", "1", "NULL", "z"}}));
  EXPECT_EQ(run("SELECT count(*) FROM mutable.public.items"), (Rows{{"2"}}));
}

TEST_P(MutableTables, insert_takes_the_rows_of_a_query) {
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers SELECT i, 'n' || i FROM range(5000) t(i)"),
            (Rows{{"5000"}}));
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers (label, n) "
                "SELECT label || '!', n + 5000 FROM mutable.public.numbers"),
            (Rows{{"5000"}}));
  EXPECT_EQ(run("SELECT count(*), sum(n), max(label) FROM mutable.public.numbers"),
            (Rows{{"10000", "49995000", "n999!"}}));
  EXPECT_EQ(run("DELETE FROM mutable.public.numbers USING range(10) t(i) WHERE n = i OR n = i + 1"),
            (Rows{{"11"}}));
  EXPECT_EQ(run("UPDATE mutable.public.numbers SET label = NULL FROM range(20) t(i) WHERE n IN (i, i + 1)"),
            (Rows{{"10"}}));
}

TEST_P(MutableTables, a_statement_that_fails_changes_nothing) {
  run("INSERT INTO mutable.public.items VALUES ('a', 1, NULL, NULL)");
  EXPECT_ERROR(ErrorCode::AlreadyExists, "Mutable table error: duplicate key in 'items'; nothing was changed",
               run("INSERT INTO mutable.public.items VALUES ('b', 1, NULL, NULL), ('a', 1, NULL, NULL)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "column 'since' of 'items' must not be null",
               run("INSERT INTO mutable.public.items (id) VALUES ('c')"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "column 'id' of 'items' must not be null",
               run("UPDATE mutable.public.items SET id = NULL"));
  EXPECT_EQ(run("SELECT id FROM mutable.public.items"), (Rows{{"a"}}));
}

TEST_P(MutableTables, several_statements_land_together_or_not_at_all) {
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers VALUES (1, 'a'), (2, 'b'); "
                "UPDATE mutable.public.numbers SET label = 'c' WHERE n = 2; "
                "DELETE FROM mutable.public.numbers WHERE n = 1"),
            (Rows{{"2"}, {"1"}, {"1"}}));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "duplicate key",
               run("DELETE FROM mutable.public.numbers; INSERT INTO mutable.public.numbers VALUES (5, 'x'), "
                   "(5, 'y')"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "nope",
               run("DELETE FROM mutable.public.numbers; UPDATE mutable.public.numbers SET nope = 1"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "syntax",
               run("DELETE FROM mutable.public.numbers; INSERT INTO mutable.public.numbers VALEUS (1)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "only the last may give rows; run the others apart, found before",
               run("SELECT 1; DELETE FROM mutable.public.numbers"));
  EXPECT_ERROR(
      ErrorCode::InvalidArgument, "NOPE",
      run("DELETE FROM mutable.public.numbers; SELECT CAST(upper(min('nope')) AS INT) FROM range(9)"));
  EXPECT_EQ(run("SELECT * FROM mutable.public.numbers"), (Rows{{"2", "c"}}));
}

TEST_P(MutableTables, rows_change_places_in_one_update) {
  run("INSERT INTO mutable.public.numbers SELECT i, 'n' || i FROM range(100) t(i)");
  EXPECT_EQ(run("UPDATE mutable.public.numbers SET n = n + 1"), (Rows{{"100"}}));
  EXPECT_EQ(run("SELECT min(n), max(n), count(*) FROM mutable.public.numbers WHERE label <> 'n99'"),
            (Rows{{"1", "99", "99"}}));
}

TEST_P(MutableTables, returning_gives_the_rows) {
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers (n) VALUES (1), (2) RETURNING n, label"),
            (Rows{{"1", "NULL"}, {"2", "NULL"}}));
  EXPECT_EQ(run("UPDATE mutable.public.numbers SET label = 'x' WHERE n = 2 RETURNING *"), (Rows{{"2", "x"}}));
  EXPECT_EQ(run("DELETE FROM mutable.public.numbers WHERE n = 2 RETURNING label"), (Rows{{"x"}}));
  EXPECT_EQ(run("SELECT n FROM mutable.public.numbers"), (Rows{{"1"}}));
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers VALUES (3, 'y'); "
                "UPDATE mutable.public.numbers SET label = upper(label) WHERE n = 3 RETURNING n, label"),
            (Rows{{"3", "Y"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "only the last may give rows",
               run("DELETE FROM mutable.public.numbers RETURNING n; DELETE FROM mutable.public.numbers"));
  EXPECT_EQ(run("DELETE FROM mutable.public.numbers WHERE n = 3; SELECT n FROM mutable.public.numbers"),
            (Rows{{"1"}}));
}

TEST_P(MutableTables, merge_and_on_conflict_update_what_is_there) {
  run("INSERT INTO mutable.public.numbers VALUES (1, 'old'), (2, 'gone')");
  EXPECT_EQ(run("MERGE INTO mutable.public.numbers t "
                "USING (VALUES (1, 'new'), (2, NULL), (3, 'added')) s(n, label) ON t.n = s.n "
                "WHEN MATCHED AND s.label IS NULL THEN DELETE "
                "WHEN MATCHED THEN UPDATE SET label = s.label "
                "WHEN NOT MATCHED THEN INSERT VALUES (s.n, s.label)"),
            (Rows{{"3"}}));
  EXPECT_EQ(run("SELECT * FROM mutable.public.numbers ORDER BY n"), (Rows{{"1", "new"}, {"3", "added"}}));
  run("INSERT INTO mutable.public.numbers VALUES (1, 'newer'), (4, 'four') "
      "ON CONFLICT (n) DO UPDATE SET label = excluded.label");
  run("INSERT INTO mutable.public.numbers VALUES (1, 'ignored') ON CONFLICT DO NOTHING");
  EXPECT_EQ(run("SELECT * FROM mutable.public.numbers ORDER BY n"),
            (Rows{{"1", "newer"}, {"3", "added"}, {"4", "four"}}));
}

TEST_P(MutableTables, instants_written_as_text_become_milliseconds) {
  run("INSERT INTO mutable.public.items (id, since) VALUES ('a', '2026-04-01T00:00:00Z'), ('b', '17')");
  run("UPDATE mutable.public.items SET until = '2026-05-15T12:00:00+02:00' WHERE id = 'a' AND until IS NULL");
  run("INSERT INTO mutable.public.items (id, since, tier) SELECT 'c', '1970-01-01T00:00:01.5Z', "
      "'2026-04-01'");
  EXPECT_EQ(run("SELECT * FROM mutable.public.items ORDER BY id"),
            (Rows{{"a", "1775001600000", "1778839200000", "NULL"},
                  {"b", "17", "NULL", "NULL"},
                  {"c", "1500", "NULL", "2026-04-01"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "soon",
               run("UPDATE mutable.public.items SET until = 'soon' WHERE id = 'a'"));
}

TEST_P(MutableTables, nothing_else_can_be_changed) {
  EXPECT_ERROR(ErrorCode::Unsupported, "must be statements of their own",
               run("WITH gone AS (DELETE FROM mutable.public.numbers RETURNING n) SELECT * FROM gone"));
  for (const char* refused : {"CREATE TABLE mutable.public.t (x INT)", "DROP TABLE mutable.public.numbers",
                              "EXPLAIN ANALYZE DELETE FROM mutable.public.numbers", "BEGIN", "COMMIT"}) {
    EXPECT_THROW(run(refused), Error) << refused;
  }
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: nope", run("INSERT INTO mutable.public.nope VALUES (1)"));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: mutable.public.mutable_tables",
               run("SELECT * FROM mutable.public.mutable_tables"));
}

TEST_P(MutableTables, every_type_keeps_its_values) {
  store_->create(MutableTableBuilder("types", {{"b", ColumnType::Boolean, true},
                                               {"i8", ColumnType::Int8, true},
                                               {"i16", ColumnType::Int16, true},
                                               {"i32", ColumnType::Int32, true},
                                               {"i64", ColumnType::Int64, true},
                                               {"u8", ColumnType::UInt8, true},
                                               {"u16", ColumnType::UInt16, true},
                                               {"u32", ColumnType::UInt32, true},
                                               {"u64", ColumnType::UInt64, true},
                                               {"f32", ColumnType::Float32, true},
                                               {"f64", ColumnType::Float64, true},
                                               {"text", ColumnType::Utf8, true},
                                               {"bytes", ColumnType::Binary, true},
                                               {"k", ColumnType::Int32, false}})
                     .primary_key({"k"})
                     .order_column("u64")
                     .build());
  // PostgreSQL has no character 0.
  const std::string text =
      GetParam() == catalog::Backend::Sqlite ? "'é' || chr(0) || '\"'" : "'é' || chr(1) || '\"'";
  run("INSERT INTO mutable.public.types VALUES "
      "(true, -128, -32768, -2147483648, -9223372036854775808, 255, 65535, 4294967295, "
      "18446744073709551615, 0.1, 'infinity', " +
      text +
      ", '\\x00\\xFF'::BLOB, 1), "
      "(false, 127, 32767, 2147483647, 9223372036854775807, 0, 0, 0, 1, -2.5, 0.1, '', ''::BLOB, 2)");
  run("INSERT INTO mutable.public.types (k) VALUES (3)");
  EXPECT_EQ(run("SELECT b, i8, i16, i32, i64, u8, u16, u32, u64, f32 = 0.1::FLOAT, isinf(f64), "
                "text = " +
                text + ", hex(bytes) FROM mutable.public.types WHERE k = 1"),
            (Rows{{"true", "-128", "-32768", "-2147483648", "-9223372036854775808", "255", "65535",
                   "4294967295", "18446744073709551615", "true", "true", "true", "00FF"}}));
  EXPECT_EQ(run("SELECT k FROM mutable.public.types WHERE u64 > 1"), (Rows{{"1"}}));
  EXPECT_EQ(run("SELECT k FROM mutable.public.types WHERE u64 = 18446744073709551615"), (Rows{{"1"}}));
  EXPECT_EQ(run("SELECT k FROM mutable.public.types WHERE f32 = 0.1::FLOAT"), (Rows{{"1"}}));
  EXPECT_EQ(run("SELECT count(*) FROM mutable.public.types WHERE b IS NULL AND bytes IS NULL"),
            (Rows{{"1"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "column 'f64' of 'types' cannot hold NaN",
               run("UPDATE mutable.public.types SET f64 = 'nan'::DOUBLE WHERE k = 1"));

  // In the order of the unsigned numbers, though the largest are stored as negative ones.
  const auto replay = sql::value_or_throw(store_->scan_after("types", 0)->ToTable());
  EXPECT_EQ(replay->column(0)->ToString(), "[\n  [\n    false,\n    true\n  ]\n]");
}

TEST_P(MutableTables, column_names_may_hold_anything) {
  store_->create(MutableTableBuilder("odd")
                     .column("sé\"lect; --", ColumnType::Utf8)
                     .column("名前", ColumnType::Int64)
                     .primary_key({"名前"})
                     .build());
  run("INSERT INTO mutable.public.odd VALUES ('x', 1)");
  run("UPDATE mutable.public.odd SET \"sé\"\"lect; --\" = 'y' WHERE \"名前\" = 1");
  EXPECT_EQ(run("SELECT * FROM mutable.public.odd"), (Rows{{"y", "1"}}));
}

TEST_P(MutableTables, filters_on_indexed_columns_reach_the_store) {
  run("INSERT INTO mutable.public.items SELECT 'i' || i, i, NULL, 't' || (i % 7) FROM range(100) t(i)");
  const auto plan = [&](const std::string& where) {
    return run("EXPLAIN SELECT * FROM mutable.public.items WHERE " + where).at(0).at(1);
  };
  for (const char* where : {"tier = 't1'", "tier > 't1' AND tier <= 't2'", "tier IN ('t1', 't2')",
                            "tier IS NULL", "'t3' <= tier", "id = 'i1' AND since = 1"}) {
    EXPECT_THAT(plan(where), ::testing::HasSubstr("Filtered by the store on")) << where;
    EXPECT_THAT(plan(where), ::testing::Not(::testing::HasSubstr("─ Filter ─"))) << where;
  }
  EXPECT_THAT(plan("lower(tier) = 't1'"), ::testing::HasSubstr("─ Filter ─"));
  EXPECT_EQ(run("SELECT count(*) FROM mutable.public.items WHERE tier = 't1'"), (Rows{{"15"}}));
  EXPECT_EQ(run("SELECT count(*) FROM mutable.public.items WHERE tier BETWEEN 't1' AND 't2' AND since < 50"),
            (Rows{{"14"}}));
}

TEST_P(MutableTablesInFiles, statements_of_the_store_use_the_indexes) {
  const MutableTableDefinition table = store_->get("items");
  const auto query_plan = [&](const std::string& sql) {
    auto lease = catalog_->pool().lease();
    catalog::Statement explain(*lease, "EXPLAIN QUERY PLAN " + sql);
    std::string text;
    while (explain.step()) text += explain.text(3) + "\n";
    return text;
  };
  const std::vector<size_t> columns{0, 1};
  const std::vector<sql::Condition> tier{
      {.column = 3, .test = sql::Condition::Test::Equal, .operands = {std::string("t1")}}};
  EXPECT_THAT(query_plan(select_sql(table, columns, tier)),
              ::testing::HasSubstr("SEARCH items USING INDEX idx_tier (tier=?)"));
  const std::vector<sql::Condition> key{
      {.column = 0, .test = sql::Condition::Test::Equal, .operands = {std::string("i1")}},
      {.column = 1, .test = sql::Condition::Test::Greater, .operands = {int64_t{0}}}};
  EXPECT_THAT(query_plan(select_sql(table, columns, key)), ::testing::HasSubstr("(id=? AND since>?)"));
  EXPECT_THAT(query_plan(update_sql(table, columns)), ::testing::HasSubstr("(id=? AND since=?)"));
  EXPECT_THAT(query_plan(delete_sql(table)), ::testing::HasSubstr("(id=? AND since=?)"));
  EXPECT_THAT(
      query_plan(replay_sql(store_->get("numbers"), 10)),
      ::testing::AllOf(::testing::HasSubstr("rowid>?"), ::testing::Not(::testing::HasSubstr("TEMP"))));
}

TEST_P(MutableTables, a_transaction_sees_its_changes_and_lands_at_once) {
  const auto transaction = engine_.begin();
  transaction->run("INSERT INTO mutable.public.numbers VALUES (1, 'a')");
  EXPECT_EQ(transaction->run("SELECT n FROM mutable.public.numbers")->num_rows(), 1);
  EXPECT_THAT(run("SELECT n FROM mutable.public.numbers"), IsEmpty());
  transaction->commit();
  EXPECT_THAT(run("SELECT n FROM mutable.public.numbers"), SizeIs(1));
  EXPECT_ERROR(ErrorCode::Conflict, "the transaction is over", transaction->run("SELECT 1"));
}

TEST_P(MutableTables, a_transaction_ends_with_its_first_failure) {
  const auto transaction = engine_.begin();
  transaction->run("INSERT INTO mutable.public.numbers VALUES (1, 'a')");
  EXPECT_ERROR(ErrorCode::AlreadyExists, "duplicate key",
               transaction->run("INSERT INTO mutable.public.numbers VALUES (1, 'b')"));
  EXPECT_ERROR(ErrorCode::Conflict, "the transaction is over", transaction->commit());
  EXPECT_THAT(run("SELECT n FROM mutable.public.numbers"), IsEmpty());
  run("INSERT INTO mutable.public.numbers VALUES (2, 'c')");  // its turn to write was given back
}

TEST_P(MutableTables, batches_are_inserted_as_they_are_and_replayed_in_order) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder labels;
  for (int64_t n = 250; n > 0; --n) {
    sql::throw_if_error(numbers.Append(n));
    sql::throw_if_error(n % 2 == 0 ? labels.AppendNull() : labels.Append("n" + std::to_string(n)));
  }
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("label", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 250, {sql::value_or_throw(numbers.Finish()), sql::value_or_throw(labels.Finish())});
  store_->insert_batch("numbers", *batch);

  const auto reader = store_->scan_after("numbers", 100);
  std::vector<int64_t> sizes;
  int64_t expected = 101;
  for (const auto& chunk : sql::value_or_throw(reader->ToRecordBatches())) {
    sizes.push_back(chunk->num_rows());
    const auto& values = static_cast<const arrow::Int64Array&>(*chunk->column(0));
    for (int64_t i = 0; i < chunk->num_rows(); ++i) EXPECT_EQ(values.Value(i), expected++);
  }
  EXPECT_THAT(sizes, ElementsAre(64, 64, 22));
  EXPECT_EQ(sql::value_or_throw(store_->scan_after("numbers", 100, 70)->ToTable())->num_rows(), 70);
  EXPECT_EQ(sql::value_or_throw(store_->scan_after("numbers", 100, 0)->ToTable())->num_rows(), 0);
  EXPECT_EQ(sql::value_or_throw(store_->scan_after("numbers", 100, UINT64_MAX)->ToTable())->num_rows(), 150);
  EXPECT_ERROR(ErrorCode::InvalidArgument, "table has no order_column declared; required by scan_after",
               store_->scan_after("items", 0));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: nope", store_->scan_after("nope", 0));

  const auto renamed = sql::value_or_throw(batch->RenameColumns({"n", "name"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "batch schema does not match mutable table 'numbers': column 1 is 'name' string",
               store_->insert_batch("numbers", *renamed));
}

TEST_P(MutableTablesInFiles, a_full_disk_is_reported_and_changes_nothing) {
  run("INSERT INTO mutable.public.numbers VALUES (1, 'a')");
  {
    // One connection serves this test, so that all statements have the limit.
    auto lease = catalog_->pool().lease();
    catalog::Statement count(*lease, "PRAGMA page_count");
    ASSERT_TRUE(count.step());
    const std::string pages = std::to_string(count.integer(0) + 2);
    catalog::Statement(*lease, "PRAGMA max_page_count = " + pages).run();
  }
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "no space left",
               run("INSERT INTO mutable.public.numbers SELECT i + 2, repeat('x', 100) || i "
                   "FROM range(1000) t(i)"));
  EXPECT_EQ(run("SELECT n FROM mutable.public.numbers"), (Rows{{"1"}}));
}

/// Keeps this process from writing more than so many bytes to a file, while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_{};
};

TEST_P(MutableTablesInFiles, a_write_that_the_system_refuses_changes_nothing) {
  run("INSERT INTO mutable.public.numbers VALUES (1, 'a')");
  uint64_t largest = 0;
  for (const auto& file : std::filesystem::directory_iterator(place_.directory())) {
    if (file.is_regular_file()) largest = std::max<uint64_t>(largest, file.file_size());
  }
  {
    const FileSizeLimit limit(largest + 20'000);
    EXPECT_ERROR(ErrorCode::Unavailable,
                 "Mutable table error: backend: the catalog file cannot be read or written",
                 run("DELETE FROM mutable.public.numbers; INSERT INTO mutable.public.numbers "
                     "SELECT i + 2, repeat('x', 100) || i FROM range(1000) t(i)"));
  }
  EXPECT_EQ(run("SELECT n FROM mutable.public.numbers"), (Rows{{"1"}}));
  EXPECT_EQ(run("INSERT INTO mutable.public.numbers SELECT i + 2, repeat('x', 100) || i "
                "FROM range(1000) t(i)"),
            (Rows{{"1000"}}));
}

TEST_P(MutableTables, the_widest_table_is_written_and_read) {
  constexpr size_t kMostColumns = 1'500;
  std::vector<MutableColumn> columns;
  std::string ones = "1";
  std::string changes = "c1 = 2";
  for (size_t i = 0; i < kMostColumns; ++i) {
    columns.push_back({.name = "c" + std::to_string(i), .type = ColumnType::Int16, .is_nullable = true});
    if (i > 0) ones += ", 1";
    if (i > 1) changes += ", c" + std::to_string(i) + " = 2";
  }
  store_->create(MutableTableBuilder("wide", columns).primary_key({"c0"}).build());
  EXPECT_EQ(run("INSERT INTO mutable.public.wide VALUES (" + ones + ")"), (Rows{{"1"}}));
  EXPECT_EQ(run("UPDATE mutable.public.wide SET " + changes), (Rows{{"1"}}));
  const Rows rows = run("SELECT * FROM mutable.public.wide");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].front(), "1");
  EXPECT_EQ(std::ranges::count(rows[0], "2"), kMostColumns - 1);
}

}  // namespace
}  // namespace jammi::table
