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

#include "model/resolver.h"
#include "model/text_embedder.h"

namespace jammi::engine {

/// Models kept in memory, most recently used first. A model is loaded once however many threads ask for it at
/// the same time; when loading fails, every thread that waits tries for itself. Thread-safe.
class ModelCache {
 public:
  using Load = std::function<std::shared_ptr<const model::TextEmbedder>(const model::ModelSource& source,
                                                                        std::stop_token stop)>;

  /// `capacity` is the most models to keep; 0 means no limit. A model that is in use is never dropped.
  ModelCache(size_t capacity, Load load);

  /// The model of `source.id`, loading it when needed. Throws what loading throws, Cancelled on a stop
  /// request while another thread loads it.
  std::shared_ptr<const model::TextEmbedder> get(const model::ModelSource& source, std::stop_token stop = {});

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<const model::TextEmbedder> model;
  };

  std::shared_ptr<const model::TextEmbedder> find(const std::string& id);
  void insert(const std::string& id, std::shared_ptr<const model::TextEmbedder> model);

  const size_t capacity_;
  const Load load_;
  std::mutex mutex_;  // guards entries_ and loading_
  std::condition_variable_any loaded_;
  std::list<Entry> entries_;
  std::set<std::string> loading_;
};

}  // namespace jammi::engine
