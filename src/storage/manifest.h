#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/table_definition.h"

namespace jammi::storage {

/// A sidecar file as the manifest knows it. `checksum` covers the part that must not be damaged; which part
/// that is the file's own format says.
struct ManifestFile {
  std::string name;  ///< without directory
  uint64_t size = 0;
  uint64_t checksum = 0;  ///< XXH64
};

/// Rows that share one set of files. A table has one segment; several, each with tombstones, are how a
/// refresh that embeds only changed rows will be kept.
struct ManifestSegment {
  uint64_t count = 0;
  std::string parquet;  ///< file name
  ManifestFile index;
  ManifestFile rowmap;
  ManifestFile vectors;
};

/// `<name>.manifest.json` (docs/formats/sidecar.md): describes the disposable files beside a table's Parquet.
struct Manifest {
  TableDefinition definition;
  std::string created_at;
  std::vector<ManifestSegment> segments;

  uint64_t count() const;

  std::string to_json() const;

  /// Throws DataCorruption for anything `to_json` of this version would not write: other version, metric or
  /// backend, missing or inconsistent fields, a file name with a '/'.
  static Manifest from_json(std::string_view json);
};

}  // namespace jammi::storage
