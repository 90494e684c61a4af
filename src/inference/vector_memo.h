#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "inference/task.h"

namespace jammi::inference {

/// Embeds texts as they are asked for and remembers the vectors of the latest, so that a text which comes
/// again costs nothing. A call uses all threads; calls at the same time take turns. Thread-safe.
class VectorMemo {
 public:
  /// `task` embeds text. At most about `budget_bytes` are remembered.
  VectorMemo(std::shared_ptr<const Task> task, size_t dimensions, size_t num_threads, size_t budget_bytes);

  /// One vector for each text, none of which may be empty: [texts, dimensions], row-major. Equal texts are
  /// computed once. Throws Cancelled on a stop request, Inference errors when a text cannot be computed.
  std::vector<float> compute(std::span<const std::string_view> texts, std::stop_token stop);

 private:
  using Vectors = std::unordered_map<std::string, std::vector<float>>;  // by digest of the text

  const std::vector<float>* find(const std::string& digest);
  void remember(const std::string& digest, std::vector<float> vector);
  void embed(const std::vector<std::string_view>& texts, const std::vector<std::string>& digests,
             Vectors& into, std::stop_token stop) const;

  const std::shared_ptr<const Task> task_;
  const size_t dimensions_;
  const size_t num_threads_;
  const size_t capacity_;  // vectors in `young_`
  std::mutex mutex_;       // held while computing; guards what follows
  Vectors young_;          // replaces `old_` when it is full
  Vectors old_;
};

}  // namespace jammi::inference
