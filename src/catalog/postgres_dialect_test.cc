#include "catalog/postgres_dialect.h"

#include <gtest/gtest.h>

namespace jammi::catalog {
namespace {

TEST(PostgresDialect, parameters_are_numbered) {
  EXPECT_EQ(to_postgres("SELECT ? WHERE a = ? AND b IN (?,?)"), "SELECT $1 WHERE a = $2 AND b IN ($3,$4)");
  EXPECT_EQ(to_postgres("SELECT ?1, ?12 WHERE a = ?1"), "SELECT $1, $12 WHERE a = $1");
  EXPECT_EQ(to_postgres("?"), "$1");
  EXPECT_EQ(to_postgres(""), "");
}

TEST(PostgresDialect, quoted_texts_and_names_are_left_alone) {
  EXPECT_EQ(to_postgres(R"(SELECT 'it''s ?', "a ""?""", ?)"), R"(SELECT 'it''s ?', "a ""?""", $1)");
  EXPECT_EQ(to_postgres("SELECT 'CURRENT_TIMESTAMP', '\"', ?"), "SELECT 'CURRENT_TIMESTAMP', '\"', $1");
  EXPECT_EQ(to_postgres("SELECT 'unfinished ?"), "SELECT 'unfinished ?");
  EXPECT_EQ(to_postgres("'"), "'");
}

TEST(PostgresDialect, the_current_timestamp_becomes_the_text_that_sqlite_makes_of_it) {
  EXPECT_EQ(to_postgres("SET t = CURRENT_TIMESTAMP, a = ?"),
            "SET t = to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), a = $1");
}

}  // namespace
}  // namespace jammi::catalog
