#pragma once

#include <expected>
#include <memory>
#include <string>

#include "index/hnsw_graph.h"
#include "index/row_map.h"
#include "index/vector_index.h"
#include "index/vectors_file.h"
#include "storage/manifest.h"

namespace jammi::index {

/// Searches a table's graph sidecar and scores what it finds from the stored float32 vectors. All files stay
/// mapped.
class SidecarIndex final : public VectorIndex {
 public:
  /// Opens the sidecars of `table`, or says why they cannot be used: any file missing, cut, damaged where
  /// damage could do harm, or not belonging to this table.
  static std::expected<std::unique_ptr<SidecarIndex>, std::string> open(const storage::ResultStore& store,
                                                                        const ResultTableRecord& table);

  SearchPath path(size_t k, const RowSet* rows) const override;
  uint64_t size() const override { return vectors_.count(); }
  uint32_t dimensions() const override { return dimensions_; }
  const RowMap& row_ids() const override { return row_ids_; }
  bool is_approximate() const override { return true; }

 protected:
  /// Throws DataCorruption when a vector it reads turns out to be damaged.
  std::vector<Neighbor> find(std::span<const float> query, size_t k, const RowSet* among) const override;

 private:
  SidecarIndex(const io::FileSystem& files, const std::string& directory,
               const storage::ManifestSegment& segment, uint32_t dimensions);

  /// Most matching rows that are compared one by one rather than looked for in the graph.
  uint64_t scan_limit(size_t k) const;

  bool uses_graph(size_t k, const RowSet* among) const;

  /// Rows to score; fewer than k, if any, when the graph did not do.
  std::vector<uint64_t> candidates(std::span<const float> query, size_t k, const RowSet* among) const;

  uint32_t dimensions_;
  std::unique_ptr<io::FileBytes> graph_bytes_;
  std::unique_ptr<HnswGraph> graph_;
  RowMap row_ids_;
  VectorsFile vectors_;
};

}  // namespace jammi::index
