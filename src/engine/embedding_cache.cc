#include "engine/embedding_cache.h"

#include <functional>
#include <memory>
#include <utility>

namespace jammi::engine {
namespace {

/// What an entry takes beside its text and its vector: the nodes of list and index with their buckets, the
/// vector's own block, and what the allocator adds to each.
constexpr uint64_t kEntryBytes = 320;

}  // namespace

size_t EmbeddingCache::HashKey::operator()(const Key& key) const {
  constexpr uint64_t kMixer = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio: spreads consecutive numbers
  return std::hash<std::string>()(key.text) ^ (key.model_number * kMixer);
}

std::vector<float> EmbeddingCache::embed(const model::EmbeddingModel& model, const std::string& text,
                                         std::stop_token stop, const catalog::TenantScope& scope) {
  Key key{model.load_number(), scope, text};
  if (const auto known = vectors_.find(key)) return *known;
  std::vector<float> vector = model.embed_query(text, std::move(stop));
  const uint64_t bytes = kEntryBytes + text.size() + vector.size() * sizeof(float);
  vectors_.insert(std::move(key), std::make_shared<const std::vector<float>>(vector), bytes);
  return vector;
}

}  // namespace jammi::engine
