#include "index/sidecar_index.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <utility>

#include <jammi/error.h>

#include "index/parallel.h"
#include "index/top_k.h"
#include "io/checksum.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

// Float16 blurs the order of near neighbours; scoring some more than k restores it, and a wider search also
// misses fewer. Measured by hnsw recall tests.
constexpr size_t kMinCandidates = 256;
constexpr size_t kCandidatesPerResult = 8;

// A walk through the graph meets about this many rows for each candidate, divided by the share of rows that
// match; meeting a row costs about as much as scoring it.
constexpr double kVisitsPerCandidate = 8;

constexpr size_t kRowsPerPart = 1024;

size_t num_candidates(size_t k) {
  return std::max(kMinCandidates, kCandidatesPerResult * k);
}

std::vector<uint64_t> all_rows(uint64_t num_rows, const RowSet* among) {
  std::vector<uint64_t> rows;
  if (among == nullptr) {
    rows.resize(num_rows);
    std::iota(rows.begin(), rows.end(), 0);
  } else {
    rows.reserve(among->size());
    among->for_each(0, num_rows, [&](uint64_t row) { rows.push_back(row); });
  }
  return rows;
}

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

uint64_t SidecarIndex::scan_limit(size_t k) const {
  const double visits =
      kVisitsPerCandidate * static_cast<double>(num_candidates(k)) * static_cast<double>(size());
  return static_cast<uint64_t>(std::sqrt(visits));
}

bool SidecarIndex::uses_graph(size_t k, const RowSet* among) const {
  return among == nullptr ? num_candidates(k) < size() / 2 : among->size() > scan_limit(k);
}

SearchPath SidecarIndex::path(size_t k, const RowSet* rows) const {
  k = std::min(k, rows == nullptr ? size() : rows->size());
  const bool is_graph = uses_graph(k, rows);
  const std::string candidates = std::to_string(num_candidates(k)) + " candidates";
  if (rows == nullptr && is_graph)
    return {true, candidates + " of " + std::to_string(size()) + " rows, scored exactly"};
  if (rows == nullptr)
    return {false, candidates + " would be half of the " + std::to_string(size()) + " rows or more"};
  const std::string limit = std::to_string(scan_limit(k));
  if (is_graph) return {true, "more rows match than the " + limit + " that are quicker to compare"};
  return {false, "at most " + limit + " rows are quicker to compare"};
}

std::vector<uint64_t> SidecarIndex::candidates(std::span<const float> query, size_t k,
                                               const RowSet* among) const {
  if (!uses_graph(k, among)) return {};
  if (among == nullptr) return graph_->search(query, num_candidates(k));
  return graph_->search(query, num_candidates(k), *among, among->size()).value_or(std::vector<uint64_t>());
}

std::vector<Neighbor> SidecarIndex::find(std::span<const float> query, size_t k, const RowSet* among) const {
  std::vector<uint64_t> rows = candidates(query, k, among);
  // A graph may have parts that no path leads to; then, too, every row is scored.
  if (rows.size() < k) rows = all_rows(size(), among);

  TopK best(k);
  std::mutex mutex;  // guards best
  const size_t num_threads = num_threads_for(rows.size() * dimensions_);
  for_each_part(rows.size(), kRowsPerPart, num_threads, [&](size_t, size_t begin, size_t end) {
    TopK best_here(k);
    for (uint64_t row : std::span(rows).subspan(begin, end - begin))
      best_here.push({numerics::cosine(query, vectors_.row(row)), row});
    std::lock_guard lock(mutex);
    best.merge(best_here);
  });
  return neighbors_of(best);
}

}  // namespace jammi::index
