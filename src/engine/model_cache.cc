#include "engine/model_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <jammi/error.h>

namespace jammi::engine {

ModelCache::ModelCache(size_t capacity, Load load) : capacity_(capacity), load_(std::move(load)) {}

std::shared_ptr<const model::TextEmbedder> ModelCache::get(const model::ModelSource& source,
                                                           std::stop_token stop) {
  const std::string& id = source.id;
  std::unique_lock lock(mutex_);
  if (!loaded_.wait(lock, stop, [&] { return !loading_.contains(id); })) {
    throw Error(ErrorCode::Cancelled, ErrorCategory::Model, "loading cancelled: " + id);
  }
  if (auto model = find(id)) return model;

  loading_.insert(id);
  lock.unlock();
  std::shared_ptr<const model::TextEmbedder> model;
  try {
    model = load_(source, stop);
  } catch (...) {
    lock.lock();
    loading_.erase(id);
    loaded_.notify_all();
    throw;
  }
  lock.lock();
  loading_.erase(id);
  insert(id, model);
  loaded_.notify_all();
  return model;
}

std::shared_ptr<const model::TextEmbedder> ModelCache::find(const std::string& id) {
  auto found = std::ranges::find(entries_, id, &Entry::id);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->model;
}

void ModelCache::insert(const std::string& id, std::shared_ptr<const model::TextEmbedder> model) {
  entries_.push_front({id, std::move(model)});
  if (capacity_ == 0) return;
  for (auto entry = std::prev(entries_.end()); entries_.size() > capacity_ && entry != entries_.begin();) {
    auto candidate = entry--;
    if (candidate->model.use_count() == 1) entries_.erase(candidate);
  }
}

}  // namespace jammi::engine
