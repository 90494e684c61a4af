#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "base/memory_budget.h"
#include "engine/found_model.h"
#include "model/model.h"
#include "model/resolver.h"

namespace jammi::engine {

/// Models kept in memory, within a number of them and within the memory budgets of their devices. What is
/// loaded from one directory for several tasks are several models.
///
/// A model is loaded once however many threads ask for it at the same time; when loading fails, every thread
/// that waits tries for itself. A model that is in use is never dropped; of the others, the one used longest
/// ago goes first. Thread-safe; the models it handed out may outlive it.
class ModelCache {
 public:
  /// Finds a model's files, fetching them if need be.
  using Find =
      std::function<FoundModel(const model::ModelSource& source, ModelTask task, std::stop_token stop)>;

  struct Limits {
    size_t max_models = 0;                  ///< 0: no limit; more stay only while they are in use
    std::chrono::milliseconds patience{0};  ///< how long a load waits for memory that models in use hold
  };

  ModelCache(Limits limits, Find find);
  ~ModelCache();
  ModelCache(const ModelCache&) = delete;
  ModelCache& operator=(const ModelCache&) = delete;

  /// The model of `source.id` for a task, loading it when needed; of the class that `find` promises for the
  /// task. It is in use until the pointer and its copies are gone. Throws what finding and loading throw,
  /// ResourceExhausted when models in use hold the memory that it needs, and Cancelled on a stop request.
  std::shared_ptr<const model::Model> get(const model::ModelSource& source, ModelTask task,
                                          base::MemoryPriority priority, std::stop_token stop = {});

  /// The models in memory, the one used last first.
  std::vector<LoadedModel> list() const;

  /// Drops the model of this id, for whatever tasks it is loaded, and says whether there was one. Conflict,
  /// dropping nothing, while it is in use.
  bool evict(const std::string& id);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace jammi::engine
