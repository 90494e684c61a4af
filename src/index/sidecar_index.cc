#include "index/sidecar_index.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <jammi/error.h>

#include "index/top_k.h"
#include "io/checksum.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

// Float16 blurs the order of near neighbours; scoring some more than k restores it, and a wider search also
// misses fewer. Measured by hnsw recall tests.
constexpr size_t kMinCandidates = 256;
constexpr size_t kCandidatesPerResult = 8;

Error refused(const std::string& reason) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Storage, reason);
}

/// Maps a file and checks its size.
std::unique_ptr<io::FileBytes> map(const io::FileSystem& files, const std::string& directory,
                                   const storage::ManifestFile& file) {
  std::unique_ptr<io::FileBytes> bytes = files.map(directory + "/" + file.name);
  if (bytes->bytes().size() != file.size) throw refused("its size differs from the manifest: " + file.name);
  return bytes;
}

void check(std::span<const std::byte> covered, const storage::ManifestFile& file) {
  if (io::xxh64(covered) != file.checksum)
    throw refused("its checksum differs from the manifest: " + file.name);
}

std::unique_ptr<io::FileBytes> map_rowmap(const io::FileSystem& files, const std::string& directory,
                                          const storage::ManifestFile& file) {
  std::unique_ptr<io::FileBytes> bytes = map(files, directory, file);
  check(bytes->bytes(), file);
  return bytes;
}

std::unique_ptr<io::FileBytes> map_vectors(const io::FileSystem& files, const std::string& directory,
                                           const storage::ManifestSegment& segment, uint32_t dimensions) {
  std::unique_ptr<io::FileBytes> bytes = map(files, directory, segment.vectors);
  check(VectorsFile::tail(bytes->bytes(), segment.count, dimensions), segment.vectors);
  return bytes;
}

std::unique_ptr<HnswGraph> view_graph(std::span<const std::byte> bytes,
                                      const storage::ManifestSegment& segment, uint32_t dimensions) {
  const uint64_t links_offset = HnswGraph::links_offset(segment.count, dimensions);
  if (bytes.size() < links_offset) throw refused("it is too short: " + segment.index.name);
  check(bytes.subspan(links_offset), segment.index);
  return HnswGraph::view(bytes, segment.count, dimensions);
}

}  // namespace

SidecarIndex::SidecarIndex(const io::FileSystem& files, const std::string& directory,
                           const storage::ManifestSegment& segment, uint32_t dimensions)
    : dimensions_(dimensions),
      graph_bytes_(map(files, directory, segment.index)),
      graph_(view_graph(graph_bytes_->bytes(), segment, dimensions)),
      row_ids_(map_rowmap(files, directory, segment.rowmap), segment.count),
      vectors_(map_vectors(files, directory, segment, dimensions), segment.count, dimensions) {}

std::expected<std::unique_ptr<SidecarIndex>, std::string> SidecarIndex::open(
    const storage::ResultStore& store, const ResultTableRecord& table) {
  try {
    const std::string path = store.file_path(table.table_name, "manifest.json");
    const auto manifest = storage::Manifest::from_json(io::read_file(store.files(), path));
    if (manifest.segments.size() != 1) return std::unexpected("it has several segments");
    if (manifest.count() != static_cast<uint64_t>(table.row_count) ||
        manifest.definition.dimensions != table.dimensions)
      return std::unexpected("it belongs to another table");
    return std::unique_ptr<SidecarIndex>(new SidecarIndex(
        store.files(), io::parent_directory(path), manifest.segments[0], manifest.definition.dimensions));
  } catch (const Error& error) {
    return std::unexpected(error.what());
  }
}

std::vector<Neighbor> SidecarIndex::search(std::span<const float> query, size_t k) const {
  check_query(query);
  k = std::min<size_t>(k, size());
  if (k == 0) return {};
  const size_t num_candidates = std::max(kMinCandidates, kCandidatesPerResult * k);
  std::vector<uint64_t> rows;
  if (num_candidates < size() / 2) rows = graph_->search(query, num_candidates);
  // A graph may have parts that no path leads to; then, and when most rows are wanted anyway, all are scored.
  if (rows.size() < k) {
    rows.resize(size());
    std::iota(rows.begin(), rows.end(), 0);
  }

  TopK best(k);
  for (uint64_t row : rows) best.push({numerics::cosine(query, vectors_.row(row)), row});
  std::vector<Neighbor> neighbors;
  for (const ScoredRow& scored : best.sorted())
    neighbors.push_back({scored.row, std::string(row_ids_[scored.row]), scored.similarity});
  return neighbors;
}

}  // namespace jammi::index
