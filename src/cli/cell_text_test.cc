#include "cli/cell_text.h"

#include <limits>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::cli {
namespace {

std::shared_ptr<arrow::Array> array_of(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::string text_of(const arrow::Array& array, Notation notation) {
  std::string text;
  append_value(array, 0, notation, text);
  return text;
}

/// The first value of the array that `json` spells, in both notations with a bar between.
std::string both(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  auto array = array_of(type, json);
  return text_of(*array, Notation::Plain) + "|" + text_of(*array, Notation::Json);
}

TEST(CellText, scalars) {
  EXPECT_EQ(both(arrow::boolean(), "[true]"), "true|true");
  EXPECT_EQ(both(arrow::int8(), "[-128]"), "-128|-128");
  EXPECT_EQ(both(arrow::uint64(), "[18446744073709551615]"), "18446744073709551615|18446744073709551615");
  EXPECT_EQ(both(arrow::utf8(), R"(["a"])"), R"(a|"a")");
  EXPECT_EQ(both(arrow::large_utf8(), R"(["a"])"), R"(a|"a")");
  EXPECT_EQ(both(arrow::utf8_view(), R"(["a"])"), R"(a|"a")");
  EXPECT_EQ(both(arrow::binary(), R"(["\u0001z"])"), R"(017a|"017a")");
  EXPECT_EQ(both(arrow::decimal128(5, 2), R"(["-1.50"])"), "-1.50|-1.50");
  EXPECT_EQ(both(arrow::decimal128(38, 0), R"(["99999999999999999999999999999999999999"])"),
            "99999999999999999999999999999999999999|99999999999999999999999999999999999999");
}

TEST(CellText, floats_have_the_fewest_digits_that_read_back) {
  EXPECT_EQ(both(arrow::float64(), "[0.1]"), "0.1|0.1");
  EXPECT_EQ(both(arrow::float32(), "[0.1]"), "0.1|0.1");
  EXPECT_EQ(both(arrow::float64(), "[3]"), "3.0|3.0");
  EXPECT_EQ(both(arrow::float64(), "[1e300]"), "1e+300|1e+300");
  EXPECT_EQ(both(arrow::float64(), "[NaN]"), "NaN|null");
  EXPECT_EQ(both(arrow::float64(), "[-Inf]"), "-inf|null");
  EXPECT_EQ(both(arrow::float16(), "[1.5]"), "1.5|1.5");
}

TEST(CellText, times) {
  EXPECT_EQ(both(arrow::date32(), "[19782]"), R"(2024-02-29|"2024-02-29")");
  EXPECT_EQ(both(arrow::date64(), "[86400000]"), R"(1970-01-02|"1970-01-02")");
  EXPECT_EQ(both(arrow::time64(arrow::TimeUnit::MICRO), "[1]"), R"(00:00:00.000001|"00:00:00.000001")");
  EXPECT_EQ(both(arrow::timestamp(arrow::TimeUnit::MICRO), "[0]"),
            R"(1970-01-01T00:00:00|"1970-01-01T00:00:00")");
  EXPECT_EQ(both(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0]"),
            R"(1970-01-01T00:00:00Z|"1970-01-01T00:00:00Z")");
}

TEST(CellText, nested_values) {
  EXPECT_EQ(both(arrow::list(arrow::utf8()), R"([["a", null]])"), R"([a, NULL]|["a",null])");
  EXPECT_EQ(both(arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2]]"), "[1, 2]|[1,2]");
  EXPECT_EQ(both(arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())}),
                 R"([{"x": 1, "y": "b"}])"),
            R"({x: 1, y: b}|{"x":1,"y":"b"})");
  EXPECT_EQ(both(arrow::map(arrow::int32(), arrow::utf8()), R"([[[7, "seven"]]])"),
            R"({7: seven}|{"7":"seven"})");
  EXPECT_EQ(both(arrow::list(arrow::list(arrow::int32())), "[[[1], []]]"), "[[1], []]|[[1],[]]");
  EXPECT_EQ(both(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["word"])"), R"(word|"word")");
}

TEST(CellText, slices_of_lists_keep_their_own_values) {
  auto sliced = array_of(arrow::list(arrow::int32()), "[[1], [2, 3]]")->Slice(1);
  EXPECT_EQ(text_of(*sliced, Notation::Plain), "[2, 3]");
}

TEST(CellText, nulls) {
  EXPECT_EQ(both(arrow::int32(), "[null]"), "|null");
  EXPECT_EQ(both(arrow::null(), "[null]"), "|null");
}

TEST(CellText, json_strings_are_escaped_and_repaired) {
  std::string text;
  append_json_string("a\"b\\c\n\t\x01\xFF", text);
  EXPECT_EQ(text, "\"a\\\"b\\\\c\\n\\t\\u0001\uFFFD\"");
}

}  // namespace
}  // namespace jammi::cli
