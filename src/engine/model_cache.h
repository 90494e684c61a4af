#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include <jammi/records.h>

#include "model/model.h"
#include "model/resolver.h"

namespace jammi::engine {

/// Models kept in memory, most recently used first. What is loaded from one directory for several tasks are
/// several models. A model is loaded once however many threads ask for it at the same time; when loading
/// fails, every thread that waits tries for itself. Thread-safe.
class ModelCache {
 public:
  using Load = std::function<std::shared_ptr<const model::Model>(const model::ModelSource& source,
                                                                 ModelTask task, std::stop_token stop)>;

  /// `capacity` is the most models to keep; 0 means no limit. A model that is in use is never dropped.
  ModelCache(size_t capacity, Load load);

  /// The model of `source.id` for a task, loading it when needed; of the class that `load` gives for the
  /// task. Throws what loading throws, Cancelled on a stop request while another thread loads it.
  std::shared_ptr<const model::Model> get(const model::ModelSource& source, ModelTask task,
                                          std::stop_token stop = {});

 private:
  struct Key {
    std::string id;
    ModelTask task;

    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Key key;
    std::shared_ptr<const model::Model> model;
  };

  std::shared_ptr<const model::Model> find(const Key& key);
  void insert(const Key& key, std::shared_ptr<const model::Model> model);

  const size_t capacity_;
  const Load load_;
  std::mutex mutex_;  // guards entries_ and loading_
  std::condition_variable_any loaded_;
  std::list<Entry> entries_;
  std::set<Key> loading_;
};

}  // namespace jammi::engine
