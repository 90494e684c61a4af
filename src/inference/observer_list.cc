#include "inference/observer_list.h"

#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace jammi::inference {

void ObserverList::add(std::shared_ptr<InferenceObserver> observer) {
  std::lock_guard lock(mutex_);
  observers_.push_back(std::move(observer));
}

void ObserverList::remove(const InferenceObserver& observer) {
  std::lock_guard lock(mutex_);
  std::erase_if(observers_, [&](const auto& known) { return known.get() == &observer; });
}

bool ObserverList::empty() const {
  std::lock_guard lock(mutex_);
  return observers_.empty();
}

std::vector<std::shared_ptr<InferenceObserver>> ObserverList::snapshot() const {
  std::lock_guard lock(mutex_);
  return observers_;
}

void ObserverList::notify(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) const {
  for (const std::shared_ptr<InferenceObserver>& observer : snapshot()) {
    try {
      observer->on_batch(batch, info);
    } catch (const std::exception& error) {
      log::error("an inference observer failed on a batch of " + info.model_id + ": " + error.what());
    } catch (...) {
      log::error("an inference observer failed on a batch of " + info.model_id);
    }
  }
}

}  // namespace jammi::inference
