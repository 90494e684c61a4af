#include "search/neighbor_cache.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace jammi::search {
namespace {

constexpr uint64_t kMixer = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio: spreads consecutive numbers

}  // namespace

NeighborQuery::NeighborQuery(uint64_t table_number, std::span<const float> query, size_t k,
                             catalog::TenantScope scope, std::string rows_digest)
    : table_number_(table_number),
      k_(k),
      vector_(reinterpret_cast<const char*>(query.data()), query.size_bytes()),
      scope_(std::move(scope)),
      rows_digest_(std::move(rows_digest)) {}

size_t NeighborQuery::Hash::operator()(const NeighborQuery& query) const {
  const std::hash<std::string> hash;
  return hash(query.vector_) ^ (hash(query.rows_digest_) * kMixer) ^
         ((query.table_number_ + query.k_) * kMixer);
}

void NeighborCache::insert(NeighborQuery query, std::shared_ptr<const Neighbors> found) {
  const size_t num_parts = (found->size() + kNeighborsPerEntry - 1) / kNeighborsPerEntry;
  neighbors_.insert(std::move(query), std::move(found), std::max<size_t>(num_parts, 1));
}

}  // namespace jammi::search
