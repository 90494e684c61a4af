#include "sql/point_statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Verb = PointStatement::Verb;

PointStatement parsed(std::string_view text) {
  const std::optional<PointStatement> statement = parse_point_statement(text);
  EXPECT_TRUE(statement) << text;
  return statement.value_or(PointStatement());
}

TEST(PointStatement, reads_a_select_of_columns) {
  const PointStatement statement = parsed(
      "select id , \"odd \"\"name\"\"\"\nFROM mutable.public.items WHERE id = -7 and kind = 'it''s' ;");
  EXPECT_EQ(statement.verb, Verb::Select);
  EXPECT_EQ(statement.table, "items");
  EXPECT_THAT(statement.columns, ElementsAre("id", "odd \"name\""));
  EXPECT_THAT(statement.key,
              ElementsAre(Pair("id", Literal(int64_t{-7})), Pair("kind", Literal(std::string("it's")))));
}

TEST(PointStatement, reads_a_select_of_all_columns) {
  EXPECT_THAT(parsed("SELECT * FROM mutable.public.items WHERE id = true").columns, IsEmpty());
}

TEST(PointStatement, reads_an_update) {
  const PointStatement statement = parsed(
      "UPDATE mutable.public.items SET a = 1, b = NULL, c = FALSE, d = 'x', e = e + 2, f = a - 3 WHERE id = "
      "4");
  EXPECT_EQ(statement.verb, Verb::Update);
  const auto is = [](const std::string& column, const std::string& addend, const Literal& value) {
    using Assignment = PointStatement::Assignment;
    return AllOf(::testing::Field(&Assignment::column, column), ::testing::Field(&Assignment::addend, addend),
                 ::testing::Field(&Assignment::value, value));
  };
  EXPECT_THAT(statement.assignments, ElementsAre(is("a", "", int64_t{1}), is("b", "", std::monostate()),
                                                 is("c", "", false), is("d", "", std::string("x")),
                                                 is("e", "e", int64_t{2}), is("f", "a", int64_t{-3})));
}

TEST(PointStatement, reads_a_delete) {
  const PointStatement statement = parsed("DELETE FROM mutable.public.items WHERE id = 'ä'");
  EXPECT_EQ(statement.verb, Verb::Delete);
  EXPECT_THAT(statement.key, ElementsAre(Pair("id", Literal(std::string("ä")))));
}

class OtherStatement : public ::testing::TestWithParam<std::string> {};

TEST_P(OtherStatement, is_none_of_these) {
  EXPECT_FALSE(parse_point_statement(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    of_any_kind, OtherStatement,
    ::testing::Values(
        "", "SELECT", "SELECT 1", "SELECT id FROM items WHERE id = 1", "SELECT id FROM mutable.public.items",
        "SELECT id FROM mutable.public.items WHERE id > 1",
        "SELECT id FROM mutable.public.items WHERE id == 1",
        "SELECT id FROM mutable.public.items WHERE id = 1 OR id = 2",
        "SELECT id FROM mutable.public.items WHERE id = 1 LIMIT 1",
        "SELECT id FROM mutable.public.items WHERE id = 1; SELECT 2",
        "SELECT id FROM mutable.public.items i WHERE id = 1",
        "SELECT id FROM mutable.public.items WHERE id = id", "SELECT id FROM other.public.items WHERE id = 1",
        "SELECT id AS x FROM mutable.public.items WHERE id = 1",
        "SELECT count(*) FROM mutable.public.items WHERE id = 1",
        "SELECT DISTINCT id FROM mutable.public.items WHERE id = 1",
        "SELECT id FROM mutable.public.items WHERE id = 1.5",
        "SELECT id FROM mutable.public.items WHERE id = 1e3",
        "SELECT id FROM mutable.public.items WHERE id = 1_000",
        "SELECT id FROM mutable.public.items WHERE id = 0x1F",
        "SELECT id FROM mutable.public.items WHERE id = 99999999999999999999",
        "SELECT id FROM mutable.public.items WHERE id = E'a'",
        "SELECT id FROM mutable.public.items WHERE id = 'a' 'b'",
        "SELECT id FROM mutable.public.items WHERE id = 'open",
        "SELECT id FROM mutable.public.items WHERE id = '\xff'",
        "SELECT id FROM mutable.public.items WHERE id = 1 -- note",
        "SELECT id FROM mutable.public.items WHERE id = $1",
        "SELECT id FROM mutable.public.items WHERE id = ?",
        "SELECT order FROM mutable.public.items WHERE id = 1",
        "SELECT null FROM mutable.public.items WHERE id = 1", "UPDATE mutable.public.items SET a = 1",
        "UPDATE mutable.public.items SET a = b WHERE id = 1",
        "UPDATE mutable.public.items SET a = a + b WHERE id = 1",
        "UPDATE mutable.public.items SET a = a * 2 WHERE id = 1",
        "UPDATE mutable.public.items SET a = a + 1 + 1 WHERE id = 1",
        "UPDATE mutable.public.items SET a = DEFAULT WHERE id = 1",
        "UPDATE mutable.public.items SET a = 1 WHERE id = 1 RETURNING *",
        "DELETE FROM mutable.public.items USING x WHERE id = 1",
        "EXPLAIN DELETE FROM mutable.public.items WHERE id = 1"));

}  // namespace
}  // namespace jammi::sql
