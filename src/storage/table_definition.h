#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/records.h>

namespace jammi::storage {

/// What produced the vectors of a table, precise enough to refuse mixing. Unknown parts stay empty.
struct ModelIdentity {
  std::string id;      ///< canonical model id
  std::string digest;  ///< of the weights
  std::string tokenizer_digest;
  std::string pooling;    ///< mean, cls, ...
  std::string precision;  ///< f32, bf16, int8 or remote
};

/// How a result table was made. Kept in the Parquet footer, the only file that is not disposable, and copied
/// to the manifest.
struct TableDefinition {
  std::string source_id;
  ModelTask task = ModelTask::TextEmbedding;
  uint32_t dimensions = 0;
  std::optional<std::string> key_column;
  std::vector<std::string> text_columns;
  ModelIdentity model;

  /// SHA-256 over every field: equal for two tables exactly when their rows may be mixed or reused.
  std::string hash() const;

  /// JSON object with the fields and "hash".
  std::string to_json() const;

  /// Throws DataCorruption when `json` is not what `to_json` writes.
  static TableDefinition from_json(std::string_view json);
};

/// `<source>__<task>__<model>__<stamp>_<8 hex>` for a table created now. Unique; holds only letters, digits,
/// '_' and '-', whatever the ids hold, and fits a file name.
std::string make_table_name(const TableDefinition& definition);

}  // namespace jammi::storage
