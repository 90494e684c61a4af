#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jammi {

/// Where a source's rows live.
enum class SourceType { File, Postgres, Mysql, Sqlite };

/// Layout of a file source. `Avro` is a known name that loading refuses as Unsupported.
enum class FileFormat { Parquet, Csv, Json, Avro };

/// What a model is asked for. The lower-case words of `to_string` are used in SQL, Python and the catalog.
enum class ModelTask { TextEmbedding, ImageEmbedding, Classification, Ner };

enum class ResultTableStatus { Building, Ready, Failed };

/// What the values of a provenance channel's column are; the Arrow types of the same names.
enum class ChannelColumnType { Float32, Float64, Int32, Int64, Utf8, Boolean };

/// How to reach a source. `url` is a file, a directory or a glob ("/data/*.parquet", "file:///data/a.csv").
struct SourceConnection {
  std::optional<std::string> url;
  std::optional<FileFormat> format;
  std::map<std::string, std::string> options;
};

/// A registered source.
struct SourceRecord {
  std::string id;
  SourceType type = SourceType::File;
  SourceConnection connection;
  std::string created_at;  ///< "YYYY-MM-DD HH:MM:SS" UTC
  std::string updated_at;
  std::optional<std::string> tenant_id;
};

/// One column of a source's table.
struct ColumnDescription {
  std::string name;
  std::string type;  ///< SQL type name, for example VARCHAR
};

/// One table of a source, readable in SQL as `<source>.public.<name>`.
struct TableDescription {
  std::string name;
  std::vector<ColumnDescription> columns;
};

/// A model the engine has resolved at least once.
struct ModelRecord {
  std::string name;  ///< canonical id: a path, an address, a hub repository, or jammi:fine-tuned:<uuid>
  int64_t version = 1;
  std::string type;                           ///< huggingface, local, http or fine-tuned
  ModelTask task = ModelTask::TextEmbedding;  ///< what it was loaded for last
  std::string backend;                        ///< candle (native), ort or http
  std::string status;                         ///< registered or loaded
  std::optional<int64_t> dimensions;
  std::string metadata_json;
  std::string created_at;
  std::string updated_at;
  std::optional<std::string> tenant_id;
};

/// A model in memory.
struct LoadedModel {
  std::string model_id;                       ///< canonical id
  ModelTask task = ModelTask::TextEmbedding;  ///< what it was loaded for
  uint64_t memory_bytes = 0;                  ///< of its weights; none of a model on a server
  uint64_t num_users = 0;                     ///< calls and readers that use it; 0: it may be dropped
  std::string last_used_at;                   ///< ISO 8601 with milliseconds and Z
};

/// A table of model output. For embedding tasks `dimensions` is set and `index_path` names the sidecars'
/// stem.
struct ResultTableRecord {
  std::string table_name;  ///< readable in SQL as "jammi.<table_name>"
  std::string source_id;
  std::string model_id;
  ModelTask task = ModelTask::TextEmbedding;
  std::string parquet_path;
  std::optional<std::string> index_path;
  std::optional<int64_t> dimensions;
  std::string distance_metric = "cosine";
  int64_t row_count = 0;
  ResultTableStatus status = ResultTableStatus::Building;
  std::optional<std::string> key_column;
  std::vector<std::string> text_columns;
  std::string created_at;  ///< ISO 8601 with milliseconds and Z
  std::optional<std::string> completed_at;
  std::optional<std::string> tenant_id;
};

/// One column that a provenance channel contributes to results.
struct ChannelColumn {
  std::string name;
  ChannelColumnType type = ChannelColumnType::Utf8;

  bool operator==(const ChannelColumn&) const = default;
};

/// A provenance channel: what found a row or added to it, with the columns it contributes. `vector`
/// (similarity) and `inference` (inference_model, inference_task, inference_confidence) are built in.
struct ChannelRecord {
  std::string id;
  int32_t priority = 0;                ///< channels with a smaller one come first in results
  std::vector<ChannelColumn> columns;  ///< in the order they were declared
  std::string created_at;              ///< "YYYY-MM-DD HH:MM:SS" UTC
  std::optional<std::string> tenant_id;
};

std::string_view to_string(SourceType type) noexcept;    ///< file, postgres, mysql, sqlite
std::string_view to_string(FileFormat format) noexcept;  ///< parquet, csv, json, avro
std::string_view to_string(
    ModelTask task) noexcept;  ///< text_embedding, image_embedding, classification, ner
std::string_view to_string(ResultTableStatus status) noexcept;  ///< building, ready, failed
std::string_view to_string(ChannelColumnType type) noexcept;    ///< the enumerator's name

/// Parse the words of `to_string`. Throw InvalidArgument for anything else; `parse_model_task` also accepts
/// "embedding" for text_embedding.
SourceType parse_source_type(std::string_view word);
FileFormat parse_file_format(std::string_view word);
ModelTask parse_model_task(std::string_view word);
ResultTableStatus parse_result_table_status(std::string_view word);
ChannelColumnType parse_channel_column_type(std::string_view word);

}  // namespace jammi
