#include "engine/model_cache.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <format>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <jammi/error.h>

namespace jammi::engine {
namespace {

using base::MemoryBudget;
using base::MemoryPermit;
using base::MemoryPriority;
using Clock = std::chrono::system_clock;

struct Key {
  std::string id;
  ModelTask task;

  auto operator<=>(const Key&) const = default;
};

/// What one entry owns, in the order that destruction needs: the model goes before the claim on its memory.
struct Entry {
  Key key;
  std::shared_ptr<MemoryBudget> memory;
  MemoryPermit permit;
  std::shared_ptr<const model::Model> model;
  size_t num_users = 0;
  Clock::time_point last_used = {};
};

using Entries = std::list<Entry>;

Error cancelled(const std::string& id) {
  return Error(ErrorCode::Cancelled, ErrorCategory::Model, "loading cancelled: " + id);
}

Error too_little_memory(const std::string& id, const FoundModel& found, uint64_t bytes) {
  const uint64_t capacity = found.memory->capacity_bytes();
  const std::string why = bytes > capacity
                              ? "it needs more than models may have"
                              : "the models that hold it are in use; try again when they are not";
  return model_error(ErrorCode::ResourceExhausted, id,
                     std::format("Cannot acquire {}: nothing to evict; {}: {} of {} bytes", found.memory_name,
                                 why, bytes, capacity));
}

}  // namespace

/// What the cache and the models that it handed out share.
class ModelCache::State : public std::enable_shared_from_this<State> {
 public:
  State(Limits limits, Find find) : limits_(limits), find_(std::move(find)) {}

  std::shared_ptr<const model::Model> get(const model::ModelSource& source, ModelTask task,
                                          MemoryPriority priority, std::stop_token stop);
  std::vector<LoadedModel> list() const;
  bool evict(const std::string& id);

 private:
  /// A load under way, which others wait for. Made under the lock, destroyed without it.
  class Loading;

  Entries::iterator find(const Key& key);
  Entry load(const model::ModelSource& source, const Key& key, MemoryPriority priority, std::stop_token stop);
  Entries::iterator insert(Entries loaded);
  std::shared_ptr<const model::Model> hand_out(Entries::iterator entry);
  void give_back(Entries::iterator entry);
  bool drop_unused(const MemoryBudget& memory);
  void drop_beyond_limit(Entries& dropped);

  const Limits limits_;
  const Find find_;
  mutable std::mutex mutex_;  // guards what follows; models are destroyed without it
  std::condition_variable_any loaded_;
  Entries entries_;  // the one used last first
  std::set<Key> loading_;
};

class ModelCache::State::Loading {
 public:
  Loading(State& state, const Key& key) : state_(state), mark_(state.loading_.insert(key).first) {}
  ~Loading() {
    std::lock_guard lock(state_.mutex_);
    state_.loading_.erase(mark_);
    state_.loaded_.notify_all();
  }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  State& state_;
  const std::set<Key>::iterator mark_;
};

std::shared_ptr<const model::Model> ModelCache::State::get(const model::ModelSource& source, ModelTask task,
                                                           MemoryPriority priority, std::stop_token stop) {
  const Key key{source.id, task};
  std::unique_lock lock(mutex_);
  if (!loaded_.wait(lock, stop, [&] { return !loading_.contains(key); })) throw cancelled(source.id);
  if (const auto known = find(key); known != entries_.end()) {
    ++known->num_users;
    lock.unlock();
    return hand_out(known);
  }
  const Loading loading(*this, key);
  lock.unlock();
  Entries loaded;
  loaded.push_back(load(source, key, priority, std::move(stop)));
  return hand_out(insert(std::move(loaded)));
}

/// The entry becomes the one used last.
Entries::iterator ModelCache::State::find(const Key& key) {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) return found;
  found->last_used = Clock::now();
  entries_.splice(entries_.begin(), entries_, found);
  return found;
}

Entry ModelCache::State::load(const model::ModelSource& source, const Key& key, MemoryPriority priority,
                              std::stop_token stop) {
  const FoundModel found = find_(source, key.task, stop);
  MemoryBudget& memory = *found.memory;
  const auto reclaim = [&] { return drop_unused(memory); };
  uint64_t bytes = found.estimated_bytes;
  while (true) {
    std::optional<MemoryPermit> permit = memory.acquire({bytes, priority, limits_.patience}, stop, reclaim);
    if (!permit) {
      if (stop.stop_requested()) throw cancelled(source.id);
      throw too_little_memory(source.id, found, bytes);
    }
    Entry entry{.key = key, .memory = found.memory, .permit = std::move(*permit), .model = found.load()};
    const uint64_t needed = entry.model->weight_bytes();
    if (needed > bytes) {
      // To wait for the rest while it holds a part could mean to wait for a load that does the same.
      std::optional<MemoryPermit> rest = memory.try_acquire(needed - bytes);
      bytes = needed;
      if (!rest) continue;
      entry.permit.merge(std::move(*rest));
    }
    entry.permit.shrink_to(needed);
    return entry;
  }
}

/// `loaded` is one entry. It has a user from the beginning, so that it is not dropped at once.
Entries::iterator ModelCache::State::insert(Entries loaded) {
  Entries dropped;
  std::lock_guard lock(mutex_);
  const auto entry = loaded.begin();
  entry->num_users = 1;
  entry->last_used = Clock::now();
  entries_.splice(entries_.begin(), loaded);
  drop_beyond_limit(dropped);
  return entry;
}

/// Its user has been counted.
std::shared_ptr<const model::Model> ModelCache::State::hand_out(Entries::iterator entry) {
  return {entry->model.get(),
          [state = shared_from_this(), entry](const model::Model*) { state->give_back(entry); }};
}

void ModelCache::State::give_back(Entries::iterator entry) {
  Entries dropped;
  std::lock_guard lock(mutex_);
  entry->last_used = Clock::now();
  entries_.splice(entries_.begin(), entries_, entry);
  if (--entry->num_users > 0) return;
  entry->memory->announce_reclaimable();
  drop_beyond_limit(dropped);
}

/// Drops one that is nobody's and whose memory is of that budget.
bool ModelCache::State::drop_unused(const MemoryBudget& memory) {
  Entries dropped;
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    if (entry->num_users > 0 || entry->memory.get() != &memory || entry->permit.bytes() == 0) continue;
    dropped.splice(dropped.end(), entries_, entry);
    return true;
  }
  return false;
}

void ModelCache::State::drop_beyond_limit(Entries& dropped) {
  if (limits_.max_models == 0) return;
  for (auto entry = entries_.end(); entry != entries_.begin() && entries_.size() > limits_.max_models;) {
    --entry;
    if (entry->num_users > 0) continue;
    const auto unused = entry++;
    dropped.splice(dropped.end(), entries_, unused);
  }
}

std::vector<LoadedModel> ModelCache::State::list() const {
  std::vector<LoadedModel> models;
  std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    const auto last_used = std::chrono::floor<std::chrono::milliseconds>(entry.last_used);
    models.push_back({.model_id = entry.key.id,
                      .task = entry.key.task,
                      .memory_bytes = entry.permit.bytes(),
                      .num_users = entry.num_users,
                      .last_used_at = std::format("{:%FT%TZ}", last_used)});
  }
  return models;
}

bool ModelCache::State::evict(const std::string& id) {
  Entries dropped;
  std::lock_guard lock(mutex_);
  const auto is_it = [&](const Entry& entry) { return entry.key.id == id; };
  if (std::ranges::any_of(entries_,
                          [&](const Entry& entry) { return is_it(entry) && entry.num_users > 0; })) {
    throw model_error(ErrorCode::Conflict, id, "the model is in use");
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (is_it(*entry)) dropped.splice(dropped.end(), entries_, entry);
    entry = next;
  }
  return !dropped.empty();
}

ModelCache::ModelCache(Limits limits, Find find) : state_(std::make_shared<State>(limits, std::move(find))) {}

ModelCache::~ModelCache() = default;

std::shared_ptr<const model::Model> ModelCache::get(const model::ModelSource& source, ModelTask task,
                                                    MemoryPriority priority, std::stop_token stop) {
  return state_->get(source, task, priority, std::move(stop));
}

std::vector<LoadedModel> ModelCache::list() const {
  return state_->list();
}

bool ModelCache::evict(const std::string& id) {
  return state_->evict(id);
}

}  // namespace jammi::engine
