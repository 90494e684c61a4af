#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/row_set.h"

namespace jammi::index {

/// An approximate nearest-neighbour graph (HNSW) over the directions of vectors, kept as float16. Keys are
/// row positions. Either grown by `add` or a read-only view of serialized bytes.
class HnswGraph {
 public:
  explicit HnswGraph(uint32_t dimensions);
  ~HnswGraph();

  /// Adds `vectors` [n, dimensions] under the keys following those present, on up to `num_threads` threads.
  /// Not to be called concurrently with anything. Throws ResourceExhausted when memory is short.
  void add(std::span<const float> vectors, size_t num_threads);

  uint64_t size() const;

  /// Serializes the graph piecewise; usearch's own file format.
  void save(const std::function<void(std::span<const std::byte>)>& append) const;

  /// Where in the serialized bytes the links and the header begin: damage from there on would lead a search
  /// astray in memory, damage before only in the choice of candidates.
  static uint64_t links_offset(uint64_t count, uint32_t dimensions);

  /// A graph over `bytes`, which must outlive it and hold undamaged links. Throws DataCorruption when usearch
  /// refuses them or they hold another count or width.
  static std::unique_ptr<HnswGraph> view(std::span<const std::byte> bytes, uint64_t count,
                                         uint32_t dimensions);

  /// Up to `num_candidates` keys near `query`, in no order to rely on. Thread-safe.
  std::vector<uint64_t> search(std::span<const float> query, size_t num_candidates) const;

  /// The same among `rows`: the walk goes through all keys and keeps those. Nothing when it met more than
  /// `max_visits` keys before it found the candidates.
  std::optional<std::vector<uint64_t>> search(std::span<const float> query, size_t num_candidates,
                                              const RowSet& rows, uint64_t max_visits) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jammi::index
