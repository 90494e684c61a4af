#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/file_system.h"

namespace arrow {
class RecordBatch;
class Schema;
class Table;
}  // namespace arrow

namespace jammi::storage {

/// Extension of a result table's row store, without the dot.
inline constexpr char kRowStoreExtension[] = "rows";

/// Writes a row store: the source rows behind a result table's rows, in the same order, so that showing k of
/// them costs k small reads however large the source is. Disposable (docs/formats/row-store.md). Used by one
/// thread. Destroying it without `finish` removes what it wrote.
class RowStoreWriter {
 public:
  /// `source_fingerprint` says which state of the source the rows are from.
  RowStoreWriter(io::FileSystem& files, std::string path, const std::shared_ptr<arrow::Schema>& schema,
                 const std::string& source_fingerprint);
  ~RowStoreWriter();
  RowStoreWriter(const RowStoreWriter&) = delete;
  RowStoreWriter& operator=(const RowStoreWriter&) = delete;

  void append(const std::shared_ptr<arrow::RecordBatch>& rows);

  /// Makes the file durable under its name.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// An open row store. Immutable and thread-safe.
class RowStore {
 public:
  /// Throws NotFound, or DataCorruption naming the file.
  static std::shared_ptr<const RowStore> open(const io::FileSystem& files, const std::string& path);
  ~RowStore();

  const std::string& source_fingerprint() const;
  uint64_t num_rows() const;

  /// The rows at `positions` (each below num_rows), in that order. Throws DataCorruption for a damaged block.
  std::shared_ptr<arrow::Table> take(std::span<const uint64_t> positions) const;

 private:
  struct Impl;
  explicit RowStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jammi::storage
