#include "db/source_location.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::db {
namespace {

TEST(SourceLocation, paths_become_absolute_and_file_urls_are_decoded) {
  EXPECT_EQ(source_location("/data/a.csv"), "/data/a.csv");
  EXPECT_EQ(source_location("file:///data/my%20file.csv"), "/data/my file.csv");
  EXPECT_EQ(source_location("data/../a.csv"), (std::filesystem::current_path() / "a.csv").string());
}

TEST(SourceLocation, empty_and_foreign_urls_are_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "invalid storage URL '': URL is empty", source_location(""));
  EXPECT_ERROR(ErrorCode::Unsupported, "unknown scheme 'ftp://'", source_location("ftp://host/a.csv"));
}

TEST(TableName, is_the_last_segment_cut_at_the_first_dot) {
  EXPECT_EQ(table_name("/data/patents.parquet", "x"), "patents");
  EXPECT_EQ(table_name("/data/a.b.csv", "x"), "a");
  EXPECT_EQ(table_name("/data/with-dash and space.csv", "x"), "with-dash and space");
}

TEST(TableName, skips_wildcards_and_trailing_slashes) {
  EXPECT_EQ(table_name("/data/patents/*.parquet", "x"), "patents");
  EXPECT_EQ(table_name("/data/patents/**/part-?.parquet", "x"), "patents");
  EXPECT_EQ(table_name("/data/patents/", "x"), "patents");
}

TEST(TableName, falls_back_to_the_source_when_nothing_is_left) {
  EXPECT_EQ(table_name("/*.csv", "mine"), "mine");
  EXPECT_EQ(table_name("/data/.hidden", "mine"), "mine");
}

TEST(FileTable, needs_a_url_and_a_format_that_can_be_read) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Source error: s: a file source needs a url",
               file_table("s", {.url = {}, .format = FileFormat::Csv, .options = {}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "a file source needs a format",
               file_table("s", {.url = "/a.csv", .format = {}, .options = {}}));
  EXPECT_ERROR(ErrorCode::Unsupported, "Source error: s: Avro not yet supported",
               file_table("s", {.url = "/a.avro", .format = FileFormat::Avro, .options = {}}));
}

}  // namespace
}  // namespace jammi::db
