#include "storage/manifest.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/testing.h"

namespace jammi::storage {
namespace {

Manifest example() {
  Manifest manifest;
  manifest.definition.source_id = "patents";
  manifest.definition.dimensions = 384;
  manifest.created_at = "2026-03-25T12:00:00.000Z";
  manifest.segments = {
      {42, "t.parquet", {"t.usearch", 1000, 0xFEDCBA9876543210}, {"t.rowmap", 20, 1}, {"t.vectors", 30, 2}}};
  return manifest;
}

TEST(Manifest, survives_json) {
  const Manifest back = Manifest::from_json(example().to_json());
  EXPECT_EQ(back.to_json(), example().to_json());
  EXPECT_EQ(back.segments[0].index.checksum, 0xFEDCBA9876543210);
  EXPECT_EQ(back.count(), 42u);
}

TEST(Manifest, has_the_fields_other_readers_expect) {
  const auto json = nlohmann::json::parse(example().to_json());
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["dimensions"], 384);
  EXPECT_EQ(json["count"], 42);
  EXPECT_EQ(json["metric"], "cosine");
  EXPECT_EQ(json["backend"], "usearch");
  EXPECT_EQ(json["files"], (nlohmann::json{{"index", "t.usearch"}, {"rowmap", "t.rowmap"}}));
  EXPECT_EQ(json["created_at"], "2026-03-25T12:00:00.000Z");
}

TEST(Manifest, anything_else_is_refused) {
  const auto refuse = [](const char* pointer, const nlohmann::json& value) {
    auto json = nlohmann::json::parse(example().to_json());
    json[nlohmann::json::json_pointer(pointer)] = value;
    SCOPED_TRACE(pointer);
    EXPECT_ERROR(ErrorCode::DataCorruption, "Storage error: ", Manifest::from_json(json.dump()));
  };
  refuse("/version", 2);
  refuse("/metric", "l2");
  refuse("/backend", "faiss");
  refuse("/dimensions", 383);
  refuse("/count", 41);
  refuse("/created_at", 7);
  refuse("/definition/source", "papers");
  refuse("/segments/0/count", -1);
  refuse("/segments/0/index/name", "../../secret");
  refuse("/segments/0/index/xxh64", "not hex");
  refuse("/segments/0/tombstones", "t.tombstones");
  EXPECT_ERROR(ErrorCode::DataCorruption, "cannot be used", Manifest::from_json("{"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "cannot be used", Manifest::from_json("[]"));
}

}  // namespace
}  // namespace jammi::storage
