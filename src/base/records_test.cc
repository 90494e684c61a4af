#include <gtest/gtest.h>

#include <jammi/records.h>

#include "base/testing.h"

namespace jammi {
namespace {

TEST(Records, words_parse_back_to_their_values) {
  for (ModelTask task :
       {ModelTask::TextEmbedding, ModelTask::ImageEmbedding, ModelTask::Classification, ModelTask::Ner}) {
    EXPECT_EQ(parse_model_task(to_string(task)), task);
  }
  for (FileFormat format : {FileFormat::Parquet, FileFormat::Csv, FileFormat::Json, FileFormat::Avro}) {
    EXPECT_EQ(parse_file_format(to_string(format)), format);
  }
  for (ResultTableStatus status :
       {ResultTableStatus::Building, ResultTableStatus::Ready, ResultTableStatus::Failed}) {
    EXPECT_EQ(parse_result_table_status(to_string(status)), status);
  }
  using enum ChannelColumnType;
  for (ChannelColumnType type : {Float32, Float64, Int32, Int64, Utf8, Boolean}) {
    EXPECT_EQ(parse_channel_column_type(to_string(type)), type);
  }
  EXPECT_EQ(parse_model_task("embedding"), ModelTask::TextEmbedding);
}

TEST(Records, unknown_format_names_the_choices) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Unknown file format 'xml'. Expected: parquet, csv, json, avro",
               parse_file_format("xml"));
}

TEST(Records, channel_column_types_are_spelled_exactly) {
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Unknown channel column type 'utf8'. Expected: Float32, Float64, Int32, Int64, Utf8, Boolean",
               parse_channel_column_type("utf8"));
}

}  // namespace
}  // namespace jammi
