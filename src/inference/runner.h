#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/inference.h>
#include <jammi/records.h>

#include "inference/observer_list.h"
#include "inference/task.h"
#include "inference/text_input.h"

namespace jammi::inference {

/// Rows of an Arrow table for a model to annotate.
struct TableInput {
  std::shared_ptr<arrow::Table> table;
  std::vector<std::string> columns;  ///< text columns: joined with one space, nulls skipped
  std::string source;                ///< `_source` of the batches that observers see
  std::string key;                   ///< column whose text is their `_row_id`; empty: the row's position
};

/// Runs models over rows of sources and of Arrow tables: what `infer`, the annotate step of a search and SQL
/// share. Output batches hold `inference.batch_size` rows (fewer when their text exceeds 4 MiB) and go to the
/// observers. All cores work on one call; memory does not grow with the number of rows. Thread-safe.
///
/// To annotate rows: `load` the task, look at its `columns` for names that are taken, then `annotate`.
class Runner {
 public:
  /// Makes the task of a model as a user names it. Throws Model errors, Unsupported for a task that has no
  /// implementation, Cancelled on a stop request while the model is fetched.
  using TaskLoader = std::function<std::shared_ptr<const Task>(const std::string& model, ModelTask task,
                                                               std::stop_token stop)>;

  /// `database` must outlive the runner; readers must not outlive the database's files. Shows its output to
  /// `observers`, which other runners may share.
  Runner(Database& database, TaskLoader load,
         std::shared_ptr<ObserverList> observers = std::make_shared<ObserverList>());

  ObserverList& observers() noexcept { return *observers_; }

  std::shared_ptr<const Task> load(const std::string& model, ModelTask task, std::stop_token stop = {}) const;

  /// The prefix columns and the task's for every row of a source's table, in scan order. Throws as
  /// `describe_table`.
  std::shared_ptr<arrow::RecordBatchReader> infer(std::shared_ptr<const Task> task, const TextInput& input,
                                                  const InferenceOptions& options);

  /// `input.table` with the task's columns appended, null where a row has no text. Throws InvalidArgument
  /// naming a column that the table has already, NotFound naming one that it lacks, Cancelled on a stop
  /// request.
  std::shared_ptr<arrow::Table> annotate(std::shared_ptr<const Task> task, const TableInput& input,
                                         std::stop_token stop = {});

 private:
  StreamOptions stream_options() const;

  Database& database_;
  const TaskLoader load_;
  const std::shared_ptr<ObserverList> observers_;
};

}  // namespace jammi::inference
