#include "storage/table_definition.h"

#include <regex>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::storage {
namespace {

TableDefinition patents() {
  TableDefinition definition;
  definition.source_id = "patents";
  definition.dimensions = 384;
  definition.key_column = "id";
  definition.text_columns = {"title", "a,b \"quoted\""};
  definition.model = {"sentence-transformers/all-MiniLM-L6-v2", "d1", "d2", "mean", "f32"};
  return definition;
}

TEST(TableDefinition, survives_json) {
  const TableDefinition back = TableDefinition::from_json(patents().to_json());
  EXPECT_EQ(back.to_json(), patents().to_json());
  EXPECT_EQ(back.text_columns, patents().text_columns);
  EXPECT_EQ(back.model.pooling, "mean");
}

TEST(TableDefinition, every_field_changes_the_hash) {
  const std::string original = patents().hash();
  auto hash_after = [](auto change) {
    TableDefinition definition = patents();
    change(definition);
    return definition.hash();
  };
  EXPECT_EQ(hash_after([](TableDefinition&) {}), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.source_id = "papers"; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.task = ModelTask::ImageEmbedding; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.dimensions = 385; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.key_column.reset(); }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.text_columns = {"title,a"}; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.model.id = "m"; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.model.digest = "x"; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.model.tokenizer_digest = "x"; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.model.pooling = "cls"; }), original);
  EXPECT_NE(hash_after([](TableDefinition& d) { d.model.precision = "bf16"; }), original);
}

TEST(TableDefinition, damaged_json_is_refused) {
  const std::string json = patents().to_json();
  std::string changed = json;
  changed.replace(changed.find("384"), 3, "512");
  EXPECT_ERROR(ErrorCode::DataCorruption, "does not match its hash", TableDefinition::from_json(changed));
  EXPECT_ERROR(ErrorCode::DataCorruption, "cannot be read", TableDefinition::from_json("{}"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "cannot be read",
               TableDefinition::from_json(json.substr(0, json.size() / 2)));
  changed = json;
  changed.replace(changed.find("\"format_version\":1"), 18, "\"format_version\":2");
  EXPECT_ERROR(ErrorCode::DataCorruption, "unknown format version", TableDefinition::from_json(changed));
}

TEST(TableDefinition, text_that_is_not_utf8_is_refused) {
  TableDefinition definition = patents();
  definition.source_id = "\xFF";
  EXPECT_ERROR(ErrorCode::InvalidArgument, "UTF-8", definition.to_json());
}

TEST(TableName, has_four_fields_and_keeps_hyphens) {
  const std::string name = make_table_name(patents());
  EXPECT_TRUE(
      std::regex_match(name, std::regex("patents__text_embedding__sentence-transformers_all-MiniLM-L6-v2__"
                                        "\\d{8}T\\d{15}_[0-9a-f]{8}")))
      << name;
  EXPECT_NE(make_table_name(patents()), name);
}

TEST(TableName, hostile_ids_never_reach_the_file_system) {
  TableDefinition definition = patents();
  for (const std::string& hostile :
       {std::string("../../etc/passwd"), std::string("a__b"), std::string("a\0b", 3), std::string("C:\\x?*"),
        std::string(5000, 'x'), std::string("ünï"), std::string(), std::string("/"), std::string(".")}) {
    definition.source_id = hostile;
    definition.model.id = hostile;
    const std::string name = make_table_name(definition);
    EXPECT_TRUE(std::regex_match(name, std::regex("([A-Za-z0-9-]+_?)+__text_embedding__([A-Za-z0-9-]+_?)+__"
                                                  "\\d{8}T\\d{15}_[0-9a-f]{8}")))
        << name;
    EXPECT_LE(name.size(), 230u);
  }
}

}  // namespace
}  // namespace jammi::storage
