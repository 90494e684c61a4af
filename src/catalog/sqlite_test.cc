#include "catalog/sqlite.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::catalog {
namespace {

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    connection_.execute(
        "CREATE TABLE parent (id TEXT PRIMARY KEY);"
        "CREATE TABLE child (id TEXT REFERENCES parent(id), n INTEGER)");
  }
  int64_t count(const std::string& table) {
    Statement select(connection_, "SELECT count(*) FROM " + table);
    select.step();
    return select.integer(0);
  }

  testing::TemporaryDirectory directory_;
  Connection connection_{directory_.path() / "a.db", std::chrono::milliseconds(100)};
};

TEST_F(SqliteTest, values_come_back_as_bound) {
  Statement(connection_, "INSERT INTO parent VALUES (?)").bind(std::string_view("a\0b", 3)).run();
  Statement(connection_, "INSERT INTO child VALUES (?, ?)")
      .bind(std::optional<std::string>())
      .bind(std::optional<int64_t>(-7))
      .run();
  Statement select(connection_, "SELECT parent.id, child.id, n FROM parent, child");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(0), std::string("a\0b", 3));
  EXPECT_EQ(select.optional_text(1), std::nullopt);
  EXPECT_EQ(select.optional_integer(2), -7);
  EXPECT_FALSE(select.step());
}

TEST_F(SqliteTest, a_statement_used_again_has_no_values_and_no_row_of_the_use_before) {
  const std::string insert = "INSERT INTO parent VALUES (?)";
  Statement(connection_, insert).bind(std::string_view("a")).run();
  EXPECT_ERROR(ErrorCode::AlreadyExists, "a.db",
               Statement(connection_, insert).bind(std::string_view("a")).run());
  Statement(connection_, insert).bind(std::optional<std::string>()).run();

  const std::string select = "SELECT coalesce(id, 'null') FROM parent ORDER BY id DESC";
  {
    Statement left_early(connection_, select);
    ASSERT_TRUE(left_early.step());
    Statement beside(connection_, select);
    ASSERT_TRUE(beside.step());
    EXPECT_EQ(beside.text(0), "a");
  }
  Statement again(connection_, select);
  ASSERT_TRUE(again.step());
  EXPECT_EQ(again.text(0), "a");
  connection_.execute("ALTER TABLE child ADD COLUMN late TEXT");
  EXPECT_TRUE(again.step());
}

TEST_F(SqliteTest, a_transaction_without_commit_leaves_nothing) {
  {
    Transaction transaction(connection_);
    connection_.execute("INSERT INTO parent VALUES ('a')");
  }
  EXPECT_EQ(count("parent"), 0);
  {
    Transaction transaction(connection_);
    connection_.execute("INSERT INTO parent VALUES ('a')");
    transaction.commit();
  }
  EXPECT_EQ(count("parent"), 1);
}

TEST_F(SqliteTest, a_taken_key_and_a_missing_parent_have_their_own_codes) {
  connection_.execute("INSERT INTO parent VALUES ('a')");
  EXPECT_ERROR(ErrorCode::AlreadyExists, "a.db", connection_.execute("INSERT INTO parent VALUES ('a')"));
  EXPECT_ERROR(ErrorCode::Conflict, "a.db", connection_.execute("INSERT INTO child VALUES ('b', 1)"));
  EXPECT_ERROR(ErrorCode::Internal, "syntax error", Statement(connection_, "SELEC 1"));
}

}  // namespace
}  // namespace jammi::catalog
