#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include <jammi/records.h>

#include "inference/stream_options.h"

namespace jammi::inference {

/// What became of one row. Trouble with a row is data, not an exception.
struct RowOutcome {
  std::optional<std::string> row_id;  ///< the key as text; empty for a null key
  std::string error;                  ///< empty when the row has a result

  bool is_ok() const { return error.empty(); }
};

/// A run of consecutive rows with what a model made of them.
struct TaskOutput {
  std::vector<RowOutcome> rows;  ///< in input order
  arrow::ArrayVector columns;    ///< those of `Task::columns`, as long as `rows`; null where a row failed
  uint64_t num_tokens = 0;
  float latency_ms = 0;  ///< from reading the rows to their last result
};

/// One run of a task over a stream of rows. One thread may call `next`; destruction stops the run.
class TaskStream {
 public:
  virtual ~TaskStream() = default;

  /// The next rows in input order, at most `StreamOptions::rows_per_window`, or nothing after the last.
  /// Throws what reading the rows threw, or Cancelled after a stop request.
  virtual std::optional<TaskOutput> next() = 0;
};

/// What a task reads of a row, beside its key.
enum class Content { Text, Image };

/// A loaded model ready to do one thing to rows. Every kind of `ModelTask` is a class of its own, made by the
/// engine's task loader; all else works on this interface. Immutable and thread-safe.
class Task {
 public:
  virtual ~Task() = default;

  virtual ModelTask kind() const noexcept = 0;

  virtual Content content() const noexcept = 0;

  /// The canonical id of the model.
  virtual const std::string& model_id() const noexcept = 0;

  /// What the task adds to a row; all nullable.
  virtual arrow::FieldVector columns() const = 0;

  /// Begins a run over batches whose first column is the key (utf8) and whose other columns are the content:
  /// any number of utf8 columns for text, one for an image (see ImageRowReader; InvalidArgument for another
  /// type). The stream must not outlive the task.
  virtual std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                          const StreamOptions& options, std::stop_token stop) const = 0;
};

}  // namespace jammi::inference
