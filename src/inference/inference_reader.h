#pragma once

#include <memory>
#include <string>

#include <arrow/record_batch.h>

#include "inference/observer_list.h"
#include "inference/progress_meter.h"
#include "inference/task.h"

namespace jammi::inference {

/// Number of columns that stand before a task's own: `_row_id`, `_source`, `_model`, `_status`, `_error`,
/// `_latency_ms`.
inline constexpr int kNumPrefixColumns = 6;

/// The prefix columns, then the task's.
std::shared_ptr<arrow::Schema> inference_schema(const Task& task);

/// Rows of that schema; `source` becomes `_source`.
std::shared_ptr<arrow::RecordBatch> inference_batch(const Task& task, const std::string& source,
                                                    const TaskOutput& output);

/// A task's output as record batches, one per `TaskStream::next`. Reports each to the observers and to the
/// meter. Reads fail with an arrow::Status that carries the
/// jammi::Error. Not thread-safe.
class InferenceReader final : public arrow::RecordBatchReader {
 public:
  InferenceReader(std::shared_ptr<const Task> task, std::string source, std::unique_ptr<TaskStream> stream,
                  ProgressMeter meter, std::shared_ptr<const ObserverList> observers);

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override;

  /// Stops the run.
  arrow::Status Close() override;

 private:
  std::shared_ptr<arrow::RecordBatch> next_batch();

  const std::shared_ptr<const Task> task_;
  const std::string source_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<TaskStream> stream_;  // null once ended, failed or closed
  ProgressMeter meter_;
  const std::shared_ptr<const ObserverList> observers_;
  arrow::Status failure_;
};

}  // namespace jammi::inference
