#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <jammi/records.h>

#include "storage/result_store.h"
#include "storage/table_definition.h"

namespace jammi::index {

/// Builds the sidecars of a result table (docs/formats/sidecar.md) while its rows are still being produced:
///
///     writer->append(ids, vectors);  sidecars.add(ids, vectors);   // any number of times, same order
///     writer->seal();                sidecars.finish();            // skipped for an empty table
///     writer->finish();
///
/// Memory is the graph: half a float32 vector plus about 200 bytes a row. Destroying it without `finish`
/// removes what it wrote. Used by one thread at a time; threads of its own add to the graph.
class SidecarWriter {
 public:
  /// `num_threads` of 0 means one for each CPU.
  SidecarWriter(const storage::ResultStore& store, const std::string& table_name,
                storage::TableDefinition definition, size_t num_threads = 0);
  ~SidecarWriter();
  SidecarWriter(const SidecarWriter&) = delete;
  SidecarWriter& operator=(const SidecarWriter&) = delete;

  /// Adds rows in table order; returns when they are in the graph. Throws InvalidArgument "Vector dimension
  /// mismatch: expected <d>, got <n>".
  void add(std::span<const std::string> row_ids, std::span<const float> vectors);

  /// Makes the files durable, the manifest last. Writes nothing when no row was added.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes the sidecars of a table anew from its Parquet file.
void rebuild_sidecars(const storage::ResultStore& store, const ResultTableRecord& table,
                      size_t num_threads = 0);

}  // namespace jammi::index
