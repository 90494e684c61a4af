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
