// The only file that includes usearch. Its distance function is ours (numerics, chosen at run time for the
// CPU): vectors are scaled to unit length before they are rounded to float16, so that cosine distance is one
// dot product; a vector of norm zero stays zero and is at distance 1 from everything.
#include "index/hnsw_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <semaphore>

#include <usearch/index_dense.hpp>

#include <jammi/error.h>

#include "index/parallel.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

namespace us = unum::usearch;
using DenseIndex = us::index_dense_gt<us::default_key_t, us::default_slot_t>;
using numerics::Half;

constexpr size_t kConnectivity = 16;
constexpr size_t kExpansionAdd = 128;
constexpr uint64_t kMinCapacity = 1024;
constexpr size_t kRowsPerPart = 16;
constexpr size_t kMatrixHeaderSize = 2 * sizeof(uint32_t);  // count and bytes per vector

us::distance_punned_t unit_distance(size_t a, size_t b, size_t dimensions) {
  const float similarity = numerics::dot(std::span(std::bit_cast<const Half*>(a), dimensions),
                                         std::span(std::bit_cast<const Half*>(b), dimensions));
  // Only damaged vectors give NaN, which would upset the ordering of candidates.
  return std::isnan(similarity) ? 2.0f : 1.0f - similarity;
}

us::metric_punned_t metric_for(uint32_t dimensions) {
  return us::metric_punned_t::stateless(dimensions, std::bit_cast<std::uintptr_t>(&unit_distance),
                                        us::metric_punned_signature_t::array_array_size_k,
                                        us::metric_kind_t::cos_k, us::scalar_kind_t::f16_k);
}

void to_unit_half(std::span<const float> vector, std::span<Half> out) {
  double squared_norm = numerics::squared_norm(vector);
  if (!std::isfinite(squared_norm)) {
    squared_norm = 0;
    for (float value : vector) squared_norm += double{value} * value;
  }
  const double scale = squared_norm > 0 ? 1 / std::sqrt(squared_norm) : 0;
  std::vector<float> scaled(vector.size());
  std::ranges::transform(vector, scaled.begin(),
                         [&](float value) { return static_cast<float>(value * scale); });
  numerics::to_half(scaled, out);
}

/// One of a semaphore's permits, waited for.
class Permit {
 public:
  explicit Permit(std::counting_semaphore<>& semaphore) : semaphore_(semaphore) { semaphore_.acquire(); }
  ~Permit() { semaphore_.release(); }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

 private:
  std::counting_semaphore<>& semaphore_;
};

[[noreturn]] void throw_out_of_memory() {
  throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Storage, "not enough memory for the vector index");
}

}  // namespace

struct HnswGraph::Impl {
  explicit Impl(uint32_t width) : dimensions(width) {
    us::index_dense_config_t config(kConnectivity, kExpansionAdd);
    config.enable_key_lookups = false;
    auto made = DenseIndex::make(metric_for(dimensions), config);
    if (!made) {
      made.error.release();
      throw_out_of_memory();
    }
    index = std::move(made.index);
  }

  template <typename Predicate>
  std::vector<uint64_t> search(std::span<const float> query, size_t num_candidates,
                               const Predicate& may_take) const {
    std::vector<Half> half(query.size());
    to_unit_half(query, half);
    const Permit permit(free_contexts);  // outlives `found`, which holds the context
    auto found =
        index.filtered_search(reinterpret_cast<const us::f16_t*>(half.data()), num_candidates, may_take);
    if (!found) {
      throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Storage,
                  std::string("the vector index cannot be searched: ") + found.error.release());
    }
    std::vector<uint64_t> keys(found.size());
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = found[i].member.key;
    return keys;
  }

  const uint32_t dimensions;
  DenseIndex index;
  // usearch hands out a fixed number of search contexts and refuses to wait for one.
  const size_t num_contexts = 2 * default_num_threads();
  mutable std::counting_semaphore<> free_contexts{static_cast<ptrdiff_t>(num_contexts)};
};

HnswGraph::HnswGraph(uint32_t dimensions) : impl_(std::make_unique<Impl>(dimensions)) {}
HnswGraph::~HnswGraph() = default;

uint64_t HnswGraph::size() const {
  return impl_->index.size();
}

void HnswGraph::add(std::span<const float> vectors, size_t num_threads) {
  const size_t dimensions = impl_->dimensions;
  const size_t num_rows = vectors.size() / dimensions;
  const uint64_t first_key = size();
  const uint64_t needed = first_key + num_rows;
  if (needed > impl_->index.capacity()) {
    const uint64_t capacity = std::max({needed, 2 * impl_->index.capacity(), kMinCapacity});
    const size_t num_contexts = std::max(num_threads, impl_->num_contexts);
    if (!impl_->index.try_reserve(us::index_limits_t(capacity, num_contexts))) throw_out_of_memory();
  }
  for_each_part(num_rows, kRowsPerPart, num_threads, [&](size_t thread, size_t begin, size_t end) {
    std::vector<Half> half(dimensions);
    for (size_t row = begin; row < end; ++row) {
      to_unit_half(vectors.subspan(row * dimensions, dimensions), half);
      auto added = impl_->index.add(first_key + row, reinterpret_cast<const us::f16_t*>(half.data()), thread);
      if (!added) {
        added.error.release();
        throw_out_of_memory();
      }
    }
  });
}

void HnswGraph::save(const std::function<void(std::span<const std::byte>)>& append) const {
  auto saved = impl_->index.save_to_stream([&](const void* bytes, size_t size) {
    append({static_cast<const std::byte*>(bytes), size});
    return true;
  });
  if (!saved) {
    throw Error(ErrorCode::Internal, ErrorCategory::Storage,
                std::string("the vector index cannot be serialized: ") + saved.error.release());
  }
}

uint64_t HnswGraph::links_offset(uint64_t count, uint32_t dimensions) {
  return kMatrixHeaderSize + count * dimensions * sizeof(Half);
}

std::unique_ptr<HnswGraph> HnswGraph::view(std::span<const std::byte> bytes, uint64_t count,
                                           uint32_t dimensions) {
  const auto refuse = [](const std::string& reason) {
    return Error(ErrorCode::DataCorruption, ErrorCategory::Storage, "the vector index is damaged: " + reason);
  };
  uint32_t matrix[2] = {};  // rows, bytes per row
  if (bytes.size() < links_offset(count, dimensions)) throw refuse("it is too short");
  std::memcpy(matrix, bytes.data(), sizeof matrix);
  if (matrix[0] != count || matrix[1] != dimensions * sizeof(Half)) throw refuse("it has another shape");

  auto graph = std::make_unique<HnswGraph>(dimensions);
  DenseIndex& index = graph->impl_->index;
  // usearch takes a mutable pointer but only reads a viewed file.
  auto* data = const_cast<us::byte_t*>(reinterpret_cast<const us::byte_t*>(bytes.data()));
  auto viewed = index.view(us::memory_mapped_file_t(data, bytes.size()));
  if (!viewed) throw refuse(viewed.error.release());
  if (index.size() != count || index.dimensions() != dimensions ||
      index.scalar_kind() != us::scalar_kind_t::f16_k)
    throw refuse("its header disagrees with the manifest");
  if (!index.try_change_metric(metric_for(dimensions))) throw_out_of_memory();
  if (!index.try_reserve(us::index_limits_t(count, graph->impl_->num_contexts))) throw_out_of_memory();
  return graph;
}

std::vector<uint64_t> HnswGraph::search(std::span<const float> query, size_t num_candidates) const {
  return impl_->search(query, num_candidates, us::dummy_predicate_t{});
}

std::optional<std::vector<uint64_t>> HnswGraph::search(std::span<const float> query, size_t num_candidates,
                                                       const RowSet& rows, uint64_t max_visits) const {
  uint64_t num_visits = 0;
  // usearch cannot be told to stop; once it may take any key it soon has enough.
  const auto may_take = [&](us::default_key_t key) noexcept {
    return ++num_visits > max_visits || rows.contains(static_cast<uint64_t>(key));
  };
  std::vector<uint64_t> keys = impl_->search(query, num_candidates, may_take);
  if (num_visits > max_visits) return std::nullopt;
  return keys;
}

}  // namespace jammi::index
