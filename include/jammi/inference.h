#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <jammi/progress.h>
#include <jammi/records.h>

namespace arrow {
class RecordBatch;
}

namespace jammi {

struct InferenceOptions {
  ProgressCallback progress;  ///< called by the thread that reads the result
  std::stop_token stop;
};

/// How an output batch came about.
struct BatchInfo {
  std::string model_id;  ///< as in the batch's `_model`
  ModelTask task = ModelTask::TextEmbedding;
  float latency_ms = 0;  ///< from reading the batch's rows to their last result
};

/// Sees the output of every inference of a session, embedding jobs included: for logging, metrics, quality
/// checks.
class InferenceObserver {
 public:
  virtual ~InferenceObserver() = default;

  /// Called once per output batch with its prefix columns (`_row_id`, `_source`, `_model`, `_status`,
  /// `_error`, `_latency_ms`) and those of the task. The batches of one inference come in order and one at a
  /// time; several inferences may call at once. What it throws is logged and changes nothing else. The
  /// inference waits for it.
  virtual void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) = 0;
};

}  // namespace jammi
