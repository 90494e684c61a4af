#include <array>
#include <utility>

#include <jammi/error.h>
#include <jammi/records.h>

namespace jammi {
namespace {

template <typename Enum, size_t N>
using Words = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Words<SourceType, 4> kSourceTypes{{
    {SourceType::File, "file"},
    {SourceType::Postgres, "postgres"},
    {SourceType::Mysql, "mysql"},
    {SourceType::Sqlite, "sqlite"},
}};

constexpr Words<FileFormat, 4> kFileFormats{{
    {FileFormat::Parquet, "parquet"},
    {FileFormat::Csv, "csv"},
    {FileFormat::Json, "json"},
    {FileFormat::Avro, "avro"},
}};

constexpr Words<ModelTask, 4> kModelTasks{{
    {ModelTask::TextEmbedding, "text_embedding"},
    {ModelTask::ImageEmbedding, "image_embedding"},
    {ModelTask::Classification, "classification"},
    {ModelTask::Ner, "ner"},
}};

constexpr Words<ResultTableStatus, 3> kStatuses{{
    {ResultTableStatus::Building, "building"},
    {ResultTableStatus::Ready, "ready"},
    {ResultTableStatus::Failed, "failed"},
}};

constexpr Words<ChannelColumnType, 6> kChannelColumnTypes{{
    {ChannelColumnType::Float32, "Float32"},
    {ChannelColumnType::Float64, "Float64"},
    {ChannelColumnType::Int32, "Int32"},
    {ChannelColumnType::Int64, "Int64"},
    {ChannelColumnType::Utf8, "Utf8"},
    {ChannelColumnType::Boolean, "Boolean"},
}};

template <typename Enum, size_t N>
std::string_view word_of(const Words<Enum, N>& words, Enum value) noexcept {
  for (const auto& [candidate, word] : words) {
    if (candidate == value) return word;
  }
  return "";
}

template <typename Enum, size_t N>
Enum value_of(const Words<Enum, N>& words, std::string_view text, const std::string& message) {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, message);
}

}  // namespace

std::string_view to_string(SourceType type) noexcept {
  return word_of(kSourceTypes, type);
}
std::string_view to_string(FileFormat format) noexcept {
  return word_of(kFileFormats, format);
}
std::string_view to_string(ModelTask task) noexcept {
  return word_of(kModelTasks, task);
}
std::string_view to_string(ResultTableStatus status) noexcept {
  return word_of(kStatuses, status);
}
std::string_view to_string(ChannelColumnType type) noexcept {
  return word_of(kChannelColumnTypes, type);
}

SourceType parse_source_type(std::string_view word) {
  return value_of(kSourceTypes, word,
                  "Unknown source type '" + std::string(word) + "'. Expected: file, postgres, mysql, sqlite");
}

FileFormat parse_file_format(std::string_view word) {
  return value_of(kFileFormats, word,
                  "Unknown file format '" + std::string(word) + "'. Expected: parquet, csv, json, avro");
}

ModelTask parse_model_task(std::string_view word) {
  if (word == "embedding") return ModelTask::TextEmbedding;
  return value_of(kModelTasks, word,
                  "Unknown model task '" + std::string(word) +
                      "'. Expected: text_embedding, image_embedding, classification, ner");
}

ResultTableStatus parse_result_table_status(std::string_view word) {
  return value_of(
      kStatuses, word,
      "Unknown result table status '" + std::string(word) + "'. Expected: building, ready, failed");
}

ChannelColumnType parse_channel_column_type(std::string_view word) {
  return value_of(kChannelColumnTypes, word,
                  "Unknown channel column type '" + std::string(word) +
                      "'. Expected: Float32, Float64, Int32, Int64, Utf8, Boolean");
}

}  // namespace jammi
