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

  /// Also throws DataCorruption when a vector it reads turns out to be damaged.
  std::vector<Neighbor> search(std::span<const float> query, size_t k) const override;
  uint64_t size() const override { return vectors_.count(); }
  uint32_t dimensions() const override { return dimensions_; }
  bool is_approximate() const override { return true; }

 private:
  SidecarIndex(const io::FileSystem& files, const std::string& directory,
               const storage::ManifestSegment& segment, uint32_t dimensions);

  uint32_t dimensions_;
  std::unique_ptr<io::FileBytes> graph_bytes_;
  std::unique_ptr<HnswGraph> graph_;
  RowMap row_ids_;
  VectorsFile vectors_;
};

}  // namespace jammi::index
