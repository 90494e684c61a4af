#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <jammi/inference.h>

namespace jammi::inference {

/// The observers of a session. Thread-safe.
class ObserverList {
 public:
  void add(std::shared_ptr<InferenceObserver> observer);

  /// Forgets an observer; calls that are under way finish. Nothing happens when it is not there.
  void remove(const InferenceObserver& observer);

  bool empty() const;

  /// Calls every observer in the order they were added and logs what they throw.
  void notify(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) const;

 private:
  std::vector<std::shared_ptr<InferenceObserver>> snapshot() const;

  mutable std::mutex mutex_;  // guards observers_; not held while an observer runs
  std::vector<std::shared_ptr<InferenceObserver>> observers_;
};

}  // namespace jammi::inference
