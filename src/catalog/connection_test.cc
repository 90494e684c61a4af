#include "catalog/connection.h"

#include <limits>
#include <regex>

#include <gtest/gtest.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

class ConnectionTest : public testing::BackendTest {
 protected:
  ConnectionTest() {
    connection_->execute(
        "CREATE TABLE parent (id TEXT PRIMARY KEY);"
        "CREATE TABLE child (id TEXT REFERENCES parent(id), n BIGINT)");
  }
  int64_t count(const std::string& table) {
    Statement select(*connection_, "SELECT count(*) FROM " + table);
    select.step();
    return select.integer(0);
  }

  std::unique_ptr<Connection> connection_ = place_.connect();
};
TEST_ON_BOTH_BACKENDS(ConnectionTest);

TEST_P(ConnectionTest, values_come_back_as_bound) {
  const std::string bytes_type = GetParam() == Backend::Sqlite ? "BLOB" : "BYTEA";
  connection_->execute("CREATE TABLE every (t TEXT, i BIGINT, r DOUBLE PRECISION, f BOOLEAN, b " +
                       bytes_type + ")");
  const std::string bytes{'\0', '\xff', '\'', '\\', 'x'};
  Statement insert(*connection_, "INSERT INTO every (t, i, r, f, b) VALUES (?, ?, ?, ?, ?)");
  insert.bind(std::string_view("it's \"?\" \\ päten")).bind(std::numeric_limits<int64_t>::min());
  insert.bind(0.1 + 0.2).bind(int64_t{1}).bind_bytes(bytes).run();
  Statement select(*connection_, "SELECT t, i, r, f, b FROM every");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(0), "it's \"?\" \\ päten");
  EXPECT_EQ(select.integer(1), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(select.real(2), 0.1 + 0.2);
  EXPECT_EQ(select.integer(3), 1);
  EXPECT_EQ(select.bytes(4), bytes);
  EXPECT_FALSE(select.step());
}

TEST_P(ConnectionTest, null_reads_as_nothing_and_empty_is_not_null) {
  connection_->execute("INSERT INTO parent VALUES ('')");
  Statement(*connection_, "INSERT INTO child VALUES (?, ?)")
      .bind(std::optional<std::string>())
      .bind(std::optional<int64_t>(-7))
      .run();
  Statement(*connection_, "INSERT INTO child VALUES (?, ?)")
      .bind(std::string_view())
      .bind(std::optional<int64_t>())
      .run();
  Statement select(*connection_, "SELECT id, n FROM child ORDER BY n IS NULL");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.optional_text(0), std::nullopt);
  EXPECT_EQ(select.text(0), "");
  EXPECT_EQ(select.optional_integer(1), -7);
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.optional_text(0), "");
  EXPECT_EQ(select.optional_integer(1), std::nullopt);
  EXPECT_EQ(select.integer(1), 0);
}

TEST_P(ConnectionTest, a_numbered_parameter_stands_for_itself_everywhere) {
  Statement insert(*connection_,
                   "INSERT INTO parent SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM parent WHERE id = ?1)");
  insert.bind(std::string_view("a")).run();
  EXPECT_EQ(connection_->num_changed_rows(), 1);
  EXPECT_EQ(count("parent"), 1);
}

TEST_P(ConnectionTest, a_statement_made_again_starts_anew) {
  const auto found = [this](std::optional<std::string> id) {
    Statement select(*connection_, "SELECT id FROM parent WHERE id = ?1 OR ?1 IS NULL ORDER BY id");
    select.bind(id);
    return select.step() ? select.text(0) : "none";
  };
  connection_->execute("INSERT INTO parent VALUES ('a'), ('b')");
  EXPECT_EQ(found("b"), "b");
  EXPECT_EQ(found("c"), "none");
  EXPECT_EQ(found(std::nullopt), "a");
}

TEST_P(ConnectionTest, a_statement_that_failed_or_is_reset_runs_again) {
  Statement insert(*connection_, "INSERT INTO parent VALUES (?)");
  insert.bind(std::string_view("a")).run();
  insert.reset();
  insert.bind(std::string_view("b")).run();
  insert.reset();
  EXPECT_ERROR(ErrorCode::AlreadyExists, "already holds", insert.bind(std::string_view("a")).run());
  insert.reset();
  insert.bind(std::string_view("c")).run();
  EXPECT_EQ(count("parent"), 3);
}

TEST_P(ConnectionTest, a_column_added_meanwhile_does_not_disturb_a_statement) {
  connection_->execute("INSERT INTO parent VALUES ('a'), ('b')");
  const std::string sql = "SELECT id FROM parent ORDER BY id DESC";
  ASSERT_TRUE(Statement(*connection_, sql).step());
  connection_->execute("ALTER TABLE parent ADD COLUMN late TEXT");
  Statement again(*connection_, sql);
  ASSERT_TRUE(again.step());
  EXPECT_EQ(again.text(0), "b");
}

TEST_P(ConnectionTest, statements_of_one_text_run_beside_each_other) {
  for (int i = 0; i < 5000; ++i) {
    Statement(*connection_, "INSERT INTO parent VALUES (?)").bind(std::string_view(std::to_string(i))).run();
  }
  const std::string sql = "SELECT CAST(id AS BIGINT) FROM parent ORDER BY 1";
  Statement outer(*connection_, sql);
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(outer.step());
    EXPECT_EQ(outer.integer(0), i);
    Statement inner(*connection_, sql);
    ASSERT_TRUE(inner.step());
    EXPECT_EQ(inner.integer(0), 0);
  }
  int64_t last = -1;
  while (outer.step()) last = outer.integer(0);
  EXPECT_EQ(last, 4999);
}

TEST_P(ConnectionTest, many_different_statements_can_be_made) {
  for (int64_t i = 0; i < 600; ++i) {
    Statement select(*connection_, "SELECT " + std::to_string(i));
    ASSERT_TRUE(select.step());
    EXPECT_EQ(select.integer(0), i);
  }
}

TEST_P(ConnectionTest, changed_rows_are_counted) {
  connection_->execute("INSERT INTO parent VALUES ('a'), ('b'), ('c')");
  EXPECT_EQ(connection_->num_changed_rows(), 3);
  Statement(*connection_, "DELETE FROM parent WHERE id > ?").bind(std::string_view("a")).run();
  EXPECT_EQ(count("parent"), 1);
  EXPECT_EQ(connection_->num_changed_rows(), 2);
  Statement(*connection_, "INSERT INTO parent VALUES ('a') ON CONFLICT (id) DO NOTHING").run();
  EXPECT_EQ(connection_->num_changed_rows(), 0);
}

TEST_P(ConnectionTest, the_current_timestamp_is_a_utc_text) {
  connection_->execute("CREATE TABLE stamped (id BIGINT, at TEXT DEFAULT CURRENT_TIMESTAMP)");
  connection_->execute("INSERT INTO stamped (id) VALUES (1)");
  Statement(*connection_, "INSERT INTO stamped VALUES (2, CURRENT_TIMESTAMP)").run();
  Statement select(*connection_, "SELECT at FROM stamped");
  const std::string minute = std::format("{:%F %H:}", std::chrono::system_clock::now());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(select.step());
    EXPECT_TRUE(std::regex_match(select.text(0), std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")));
    EXPECT_GE(select.text(0), minute);
  }
}

TEST_P(ConnectionTest, a_transaction_without_commit_leaves_nothing) {
  {
    Transaction transaction(*connection_);
    connection_->execute("INSERT INTO parent VALUES ('a')");
  }
  EXPECT_EQ(count("parent"), 0);
  {
    Transaction transaction(*connection_);
    connection_->execute("INSERT INTO parent VALUES ('a')");
    transaction.commit();
  }
  EXPECT_EQ(count("parent"), 1);
}

TEST_P(ConnectionTest, a_reading_transaction_sees_one_state_and_stops_no_writer) {
  const auto writer = place_.connect();
  Transaction transaction(*connection_, Transaction::Mode::Read);
  EXPECT_EQ(count("parent"), 0);
  writer->execute("INSERT INTO parent VALUES ('a')");
  Transaction(*writer).commit();
  EXPECT_EQ(count("parent"), 0);
  transaction.commit();
  EXPECT_EQ(count("parent"), 1);
}

TEST_P(ConnectionTest, a_second_transaction_waits_for_the_first) {
  const auto other = place_.connect(std::chrono::milliseconds(1));
  Transaction transaction(*connection_);
  EXPECT_ERROR(ErrorCode::Unavailable, "locked by another writer", Transaction blocked(*other));
  EXPECT_FALSE(other->is_in_transaction());
  transaction.commit();
  Transaction(*other).commit();
}

TEST_P(ConnectionTest, errors_have_codes_and_name_the_place) {
  connection_->execute("INSERT INTO parent VALUES ('a')");
  connection_->execute("INSERT INTO child VALUES ('a', 1)");
  const std::string place = place_.name();
  EXPECT_ERROR(ErrorCode::AlreadyExists, place, connection_->execute("INSERT INTO parent VALUES ('a')"));
  EXPECT_ERROR(ErrorCode::AlreadyExists, place,
               Statement(*connection_, "INSERT INTO parent VALUES ('a')").run());
  EXPECT_ERROR(ErrorCode::Conflict, place, connection_->execute("INSERT INTO child VALUES ('b', 1)"));
  EXPECT_ERROR(ErrorCode::Conflict, place, connection_->execute("DELETE FROM parent"));
  EXPECT_ERROR(ErrorCode::Internal, "syntax error", Statement(*connection_, "SELEC 1").run());
  EXPECT_EQ(count("parent"), 1);
}

}  // namespace
}  // namespace jammi::catalog
