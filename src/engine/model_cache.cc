#include "engine/model_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <jammi/error.h>

namespace jammi::engine {

ModelCache::ModelCache(size_t capacity, Load load) : capacity_(capacity), load_(std::move(load)) {}

std::shared_ptr<const model::Model> ModelCache::get(const model::ModelSource& source, ModelTask task,
                                                    std::stop_token stop) {
  const Key key{source.id, task};
  std::unique_lock lock(mutex_);
  if (!loaded_.wait(lock, stop, [&] { return !loading_.contains(key); })) {
    throw Error(ErrorCode::Cancelled, ErrorCategory::Model, "loading cancelled: " + source.id);
  }
  if (auto model = find(key)) return model;

  loading_.insert(key);
  lock.unlock();
  std::shared_ptr<const model::Model> model;
  try {
    model = load_(source, task, stop);
  } catch (...) {
    lock.lock();
    loading_.erase(key);
    loaded_.notify_all();
    throw;
  }
  lock.lock();
  loading_.erase(key);
  insert(key, model);
  loaded_.notify_all();
  return model;
}

std::shared_ptr<const model::Model> ModelCache::find(const Key& key) {
  auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->model;
}

void ModelCache::insert(const Key& key, std::shared_ptr<const model::Model> model) {
  entries_.push_front({key, std::move(model)});
  if (capacity_ == 0) return;
  for (auto entry = std::prev(entries_.end()); entries_.size() > capacity_ && entry != entries_.begin();) {
    auto candidate = entry--;
    if (candidate->model.use_count() == 1) entries_.erase(candidate);
  }
}

}  // namespace jammi::engine
