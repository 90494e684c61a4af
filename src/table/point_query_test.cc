#include <string>
#include <thread>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "catalog/testing.h"
#include "sql/arrow_status.h"
#include "table/testing.h"

namespace jammi::table {
namespace {

using TablePointer = std::shared_ptr<arrow::Table>;

/// Two tables with the same rows, so that what is run on one without a plan can be compared with the same run
/// on the other by the planner.
class PointQuery : public catalog::testing::BackendTest {
 protected:
  PointQuery() {
    for (const char* id : {"direct", "planned"}) {
      store_->create(MutableTableBuilder(id, {{"k", ColumnType::Int64, false},
                                              {"kind", ColumnType::Utf8, false},
                                              {"b", ColumnType::Boolean, true},
                                              {"i8", ColumnType::Int8, true},
                                              {"i32", ColumnType::Int32, true},
                                              {"i64", ColumnType::Int64, true},
                                              {"u16", ColumnType::UInt16, true},
                                              {"u64", ColumnType::UInt64, true},
                                              {"f32", ColumnType::Float32, true},
                                              {"f64", ColumnType::Float64, true},
                                              {"text", ColumnType::Utf8, true},
                                              {"bytes", ColumnType::Binary, true},
                                              {"needed", ColumnType::Int16, false}})
                         .primary_key({"k", "kind"})
                         .build());
      engine_.query(
          "INSERT INTO mutable.public." + std::string(id) +
          " VALUES (1, 'a', true, 127, 5, -9223372036854775808, 65535, 18446744073709551615, 0.1, "
          "-2.5, 'é', '\\x00\\xFF'::BLOB, 7), (1, 'b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
          "NULL, NULL, 8)");
    }
  }

  static std::string over(const std::string& table, std::string statement) {
    statement.replace(statement.find("{}"), 2, "mutable.public." + table);
    return statement;
  }

  TablePointer planned(const std::string& statement) {
    return sql::value_or_throw(engine_.query(over("planned", statement))->ToTable());
  }

  TablePointer rows_of(const std::string& table) {
    return sql::value_or_throw(
        engine_.query("SELECT * FROM mutable.public." + table + " ORDER BY ALL")->ToTable());
  }

  std::shared_ptr<Store> store_ = std::make_shared<Store>(place_.open());
  sql::Engine engine_ = testing::engine_over(store_, place_.directory());
};
TEST_ON_BOTH_BACKENDS(PointQuery);

TEST_P(PointQuery, gives_and_changes_what_the_planner_would) {
  for (const std::string statement : {
           "SELECT * FROM {} WHERE k = 1 AND kind = 'a'",
           "SELECT * FROM {} WHERE kind = 'b' AND k = 1",
           "SELECT text, k, bytes FROM {} WHERE k = 1 AND kind = 'a'",
           "SELECT k FROM {} WHERE k = 2 AND kind = 'a'",
           "UPDATE {} SET b = false, i8 = -128, u64 = 3, text = 'x', f32 = NULL WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET i32 = i32 + 2, i64 = u16 - 70000 WHERE k = 1 AND kind = 'none'",
           "UPDATE {} SET i32 = i32 + 2, i8 = i8 + 127, b = NULL WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET i32 = i32 + 2 WHERE k = 1 AND kind = 'b'",
           "UPDATE {} SET needed = needed - 40 WHERE k = 1 AND kind = 'b'",
           "DELETE FROM {} WHERE k = 1 AND kind = 'b'",
           "DELETE FROM {} WHERE k = 1 AND kind = 'b'",
       }) {
    const TablePointer wanted = planned(statement);
    const TablePointer result = engine_.point_query(over("direct", statement));
    if (statement.contains("u16 - 70000")) {  // of two types
      EXPECT_EQ(result, nullptr);
      continue;
    }
    ASSERT_NE(result, nullptr) << statement;
    EXPECT_TRUE(result->Equals(*wanted, /*check_metadata=*/true)) << statement << "\n" << result->ToString();
    EXPECT_TRUE(rows_of("direct")->Equals(*rows_of("planned"))) << statement;
  }
}

TEST_P(PointQuery, leaves_to_the_planner_what_takes_more) {
  const TablePointer before = rows_of("direct");
  for (const std::string statement : {
           "SELECT * FROM mutable.public.nope WHERE k = 1",
           "SELECT nope FROM {} WHERE k = 1 AND kind = 'a'",
           "SELECT K FROM {} WHERE k = 1 AND kind = 'a'",
           "SELECT k, k FROM {} WHERE k = 1 AND kind = 'a'",
           "SELECT k FROM {} WHERE k = 1",
           "SELECT k FROM {} WHERE k = 1 AND k = 1",
           "SELECT k FROM {} WHERE k = '1' AND kind = 'a'",
           "SELECT k FROM {} WHERE k = NULL AND kind = 'a'",
           "SELECT k FROM {} WHERE k = 1 AND kind = 'a' AND b = true",
           "UPDATE {} SET i8 = 128 WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET i8 = i8 + 1 WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET i64 = i64 - 1 WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET u64 = u64 + 1 WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET i64 = '2026-01-01T00:00:00Z' WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET f64 = 1 WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET needed = NULL WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET b = true, b = false WHERE k = 1 AND kind = 'a'",
           "UPDATE {} SET kind = 'c' WHERE k = 1 AND kind = 'a'",
       }) {
    const std::string text = statement.contains("{}") ? over("direct", statement) : statement;
    EXPECT_EQ(engine_.point_query(text), nullptr) << text;
  }
  EXPECT_TRUE(rows_of("direct")->Equals(*before));
}

TEST_P(PointQuery, sees_and_changes_only_what_the_tenant_does) {
  const auto ours = catalog::TenantScope::of("0190c0de-0000-7000-8000-000000000001");
  const auto theirs = catalog::TenantScope::of("0190c0de-0000-7000-8000-000000000002");
  engine_.query("INSERT INTO mutable.public.direct (k, kind, needed) VALUES (9, 'a', 1)", {}, theirs);
  const std::string key = " WHERE k = 9 AND kind = 'a'";
  EXPECT_EQ(engine_.point_query("SELECT k FROM mutable.public.direct" + key, theirs)->num_rows(), 1);
  EXPECT_EQ(engine_.point_query("SELECT k FROM mutable.public.direct" + key, ours)->num_rows(), 0);
  EXPECT_EQ(engine_.point_query("SELECT k FROM mutable.public.direct" + key)->num_rows(), 0);
  engine_.point_query("UPDATE mutable.public.direct SET needed = needed + 1" + key, ours);
  engine_.point_query("DELETE FROM mutable.public.direct" + key, ours);
  const auto row = engine_.point_query("SELECT needed FROM mutable.public.direct" + key, theirs);
  EXPECT_EQ(row->column(0)->ToString(), "[\n  [\n    1\n  ]\n]");

  store_->create(MutableTableBuilder("private", {{"k", ColumnType::Int64, false}}).primary_key({"k"}).build(),
                 theirs);
  EXPECT_EQ(engine_.point_query("SELECT k FROM mutable.public.private WHERE k = 1", ours), nullptr);
}

TEST_P(PointQuery, notices_that_a_table_was_made_anew_elsewhere) {
  const std::string key = " WHERE k = 1 AND kind = 'a'";
  const std::string select = "SELECT text FROM mutable.public.direct" + key;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(engine_.point_query(select)->num_rows(), 1);
  Store other(place_.open());
  other.drop("direct");
  EXPECT_EQ(engine_.point_query(select), nullptr);
  other.create(MutableTableBuilder("direct", {{"k", ColumnType::Int64, false},
                                              {"kind", ColumnType::Utf8, false},
                                              {"text", ColumnType::Utf8, true}})
                   .primary_key({"kind"})
                   .build());
  EXPECT_EQ(engine_.point_query(select), nullptr);
  EXPECT_EQ(engine_.point_query("UPDATE mutable.public.direct SET text = 'x'" + key), nullptr);
  EXPECT_EQ(engine_.point_query("DELETE FROM mutable.public.direct" + key), nullptr);
  EXPECT_EQ(engine_.point_query("SELECT k FROM mutable.public.direct WHERE kind = 'a'")->num_rows(), 0);
}

TEST_P(PointQuery, a_change_that_the_table_does_not_take_is_refused) {
  store_->create(
      MutableTableBuilder("named", {{"k", ColumnType::Int64, false}, {"name", ColumnType::Utf8, true}})
          .primary_key({"k"})
          .index({.name = "idx_name", .columns = {"name"}, .is_unique = true})
          .build());
  engine_.query("INSERT INTO mutable.public.named VALUES (1, 'a'), (2, 'b')");
  for (int i = 0; i < 2; ++i) {
    EXPECT_ERROR(ErrorCode::AlreadyExists, "Mutable table error: duplicate key in 'named'",
                 engine_.point_query("UPDATE mutable.public.named SET name = 'a' WHERE k = 2"));
  }
  EXPECT_EQ(engine_.point_query("UPDATE mutable.public.named SET name = 'c' WHERE k = 2")->num_rows(), 1);
}

TEST_P(PointQuery, waits_for_a_transaction_that_writes) {
  const std::string update =
      "UPDATE mutable.public.direct SET needed = needed + 1 WHERE k = 1 AND kind = 'a'";
  engine_.point_query(update);
  const auto other_store =
      std::make_shared<Store>(place_.open({.busy_timeout = std::chrono::milliseconds(50)}));
  sql::Engine other = testing::engine_over(other_store, place_.directory());
  other.point_query(update);
  const auto writing = engine_.begin();
  writing->run("UPDATE mutable.public.planned SET needed = 0 WHERE k = 1 AND kind = 'b'");
  EXPECT_ERROR(ErrorCode::Unavailable, "locked by another writer", other.point_query(update));
  writing->commit();
  other.point_query(update);
  const std::string select = "SELECT needed FROM mutable.public.direct WHERE k = 1 AND kind = 'a'";
  EXPECT_EQ(engine_.point_query(select)->column(0)->ToString(), "[\n  [\n    10\n  ]\n]");
}

TEST_P(PointQuery, no_increment_of_many_writers_is_lost) {
  constexpr int kIncrements = 40;
  const std::string key = " WHERE k = 1 AND kind = 'b'";
  engine_.query("UPDATE mutable.public.direct SET i64 = 0" + key);
  const auto increment = [&](sql::Engine& engine, bool is_planned) {
    for (int i = 0; i < kIncrements; ++i) {
      const std::string text = "UPDATE mutable.public.direct SET i64 = i64 + 1" + key;
      if (is_planned) {
        engine.query(text);
      } else {
        engine.point_query(text);
      }
    }
  };
  sql::Engine other = testing::engine_over(std::make_shared<Store>(place_.open()), place_.directory());
  {
    std::vector<std::jthread> writers;
    for (sql::Engine* engine : {&engine_, &other}) {
      for (const bool is_planned : {false, false, true}) {
        writers.emplace_back([&increment, engine, is_planned] { increment(*engine, is_planned); });
      }
    }
  }
  const TablePointer row = engine_.point_query("SELECT i64 FROM mutable.public.direct" + key);
  EXPECT_EQ(row->column(0)->ToString(), "[\n  [\n    240\n  ]\n]");
}

TEST_P(PointQuery, takes_part_in_a_transaction) {
  const std::string select = "SELECT needed FROM mutable.public.direct WHERE k = 1 AND kind = 'a'";
  {
    const auto transaction = engine_.begin();
    transaction->run("UPDATE mutable.public.direct SET needed = needed + 1 WHERE k = 1 AND kind = 'a'");
    transaction->run("UPDATE mutable.public.direct SET needed = needed + 1 WHERE k + 0 = 1 AND kind = 'a'");
    EXPECT_EQ(transaction->run(select)->column(0)->ToString(), "[\n  [\n    9\n  ]\n]");
  }
  EXPECT_EQ(engine_.point_query(select)->column(0)->ToString(), "[\n  [\n    7\n  ]\n]");
}

}  // namespace
}  // namespace jammi::table
