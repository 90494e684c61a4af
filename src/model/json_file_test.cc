#include "model/json_file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;

class JsonFileTest : public ::testing::Test {
 protected:
  JsonFile read(std::string_view text) {
    testing::write_file(path_, text);
    return JsonFile::read(path_);
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "config.json";
};

TEST_F(JsonFileTest, fields_have_types_bounds_and_defaults) {
  JsonFile file = read(R"({"n":7,"x":1e-12,"s":"word","b":true,"nothing":null})");
  EXPECT_EQ(file.integer("n", 1, 10), 7);
  EXPECT_EQ(file.integer_or("absent", 1, 10, 3), 3);
  EXPECT_EQ(file.number_or("x", 0, 1, 0.5), 1e-12);
  EXPECT_EQ(file.string_or("s", ""), "word");
  EXPECT_TRUE(file.boolean_or("b", false));
  EXPECT_EQ(file.integer_or("nothing", 1, 10, 3), 3);
  EXPECT_FALSE(file.has("nothing"));
}

TEST_F(JsonFileTest, errors_name_the_file_and_the_field) {
  JsonFile file = read(R"({"n":7,"huge":18446744073709551615,"negative":-1,"x":1.5,"s":"word","inf":1e300})");
  const std::string path = path_.string();
  EXPECT_ERROR(ErrorCode::DataCorruption, "missing field: " + path + ": m", file.integer("m", 0, 1));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a whole number: " + path + ": x", file.integer("x", 0, 9));
  EXPECT_ERROR(ErrorCode::DataCorruption, "value 7 is not between 8 and 9: " + path + ": n",
               file.integer("n", 8, 9));
  EXPECT_ERROR(ErrorCode::DataCorruption, "value 18446744073709551615 is not between",
               file.integer("huge", -1, INT64_MAX));
  EXPECT_ERROR(ErrorCode::DataCorruption, "value -1 is not between", file.integer("negative", 0, 9));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a number: " + path + ": s", file.number_or("s", 0, 1, 0));
  EXPECT_ERROR(ErrorCode::DataCorruption, "out of range: " + path + ": inf", file.number_or("inf", 0, 1, 0));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a string: " + path + ": n", file.string_or("n", ""));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not true or false: " + path + ": n", file.boolean_or("n", false));
}

TEST_F(JsonFileTest, objects_and_lists_inside_have_typed_access) {
  JsonFile file =
      read(R"({"a":{"b":{"n":7}},"list":["x","y"],"mixed":["x",1],"numbers":[0.5,2],"no":false})");
  EXPECT_EQ(file.object("a").object("b").integer("n", 0, 9), 7);
  EXPECT_EQ(file.strings("list"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(file.numbers("numbers", 0, 2), (std::vector<double>{0.5, 2}));
  EXPECT_TRUE(file.is_false("no"));
  EXPECT_FALSE(file.is_false("list"));
  const std::string path = path_.string();
  EXPECT_ERROR(ErrorCode::DataCorruption, "missing field: " + path + ": a.b.m",
               file.object("a").object("b").integer("m", 0, 9));
  EXPECT_ERROR(ErrorCode::DataCorruption, "missing field: " + path + ": c", file.object("c"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a JSON object: " + path + ": list", file.object("list"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a list: " + path + ": a", file.strings("a"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a list of strings: " + path + ": mixed",
               file.strings("mixed"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "missing field: " + path + ": c", file.numbers("c", 0, 1));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a list: " + path + ": a", file.numbers("a", 0, 1));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a list of numbers: " + path + ": mixed",
               file.numbers("mixed", 0, 1));
  EXPECT_ERROR(ErrorCode::DataCorruption, "value 2 is out of range: " + path + ": numbers",
               file.numbers("numbers", 0, 1));
}

TEST_F(JsonFileTest, text_that_is_no_json_object_is_refused) {
  for (std::string text :
       {std::string(), std::string("{"), std::string("{}x"), std::string("{'a':1}"),
        std::string("{\"a\":NaN}"), std::string("\xFF"), std::string("{\"a\":\"\xC3\"}")}) {
    EXPECT_ERROR(ErrorCode::DataCorruption, "not valid JSON: " + path_.string(), read(text));
  }
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a JSON object: " + path_.string(), read("[1]"));
}

TEST_F(JsonFileTest, hostile_json_is_refused) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "JSON nested too deeply", read(std::string(5'000'000, '[')));
  EXPECT_ERROR(ErrorCode::DataCorruption, "JSON key given twice: " + path_.string() + ": a",
               read(R"({"a":1,"a":2})"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "larger than 16 MiB", read(std::string((16 << 20) + 1, ' ')));
}

TEST_F(JsonFileTest, a_missing_file_or_a_directory_is_named) {
  EXPECT_ERROR(ErrorCode::NotFound, "cannot open file: " + path_.string(), JsonFile::read(path_));
  EXPECT_ERROR(ErrorCode::NotFound, "cannot open file: " + directory_.path().string(),
               JsonFile::read(directory_.path()));
}

}  // namespace
}  // namespace jammi::model
