#include "inference/runner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <arrow/table.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "inference/inference_reader.h"
#include "sql/arrow_status.h"
#include "sql/quoting.h"

namespace jammi::inference {
namespace {

using sql::value_or_throw;

constexpr char kRowsRelation[] = "_jammi_rows";

// Rows that are worked on at a time: enough for every thread to have a batch while small windows are filled.
constexpr size_t kRowsInFlight = 512;
constexpr size_t kMaxWindowsInFlight = 16;

Error inference_error(ErrorCode code, const std::string& message) {
  return Error(code, ErrorCategory::Inference, message);
}

void check_table(const Task& task, const TableInput& input) {
  if (input.columns.empty()) throw inference_error(ErrorCode::InvalidArgument, "No content columns provided");
  const arrow::Schema& schema = *input.table->schema();
  std::vector<std::string> needed = input.columns;
  if (!input.key.empty()) needed.push_back(input.key);
  for (const std::string& column : needed) {
    if (schema.GetFieldIndex(column) < 0) {
      throw inference_error(ErrorCode::NotFound, "Column '" + column + "' not found in input batch");
    }
  }
  for (const auto& field : task.columns()) {
    if (schema.GetFieldIndex(field->name()) >= 0) {
      throw inference_error(ErrorCode::InvalidArgument,
                            "the rows have a column of this name already: " + field->name());
    }
  }
}

}  // namespace

Runner::Runner(Database& database, TaskLoader load, std::shared_ptr<ObserverList> observers)
    : database_(database), load_(std::move(load)), observers_(std::move(observers)) {}

std::shared_ptr<const Task> Runner::load(const std::string& model, ModelTask task,
                                         std::stop_token stop) const {
  return load_(model, task, std::move(stop));
}

StreamOptions Runner::stream_options() const {
  const Config& config = database_.config();
  StreamOptions options;
  options.num_threads = config.engine.execution_threads;
  options.rows_per_window = config.inference.batch_size;
  options.windows_in_flight =
      std::clamp(kRowsInFlight / options.rows_per_window, options.windows_in_flight, kMaxWindowsInFlight);
  return options;
}

std::shared_ptr<arrow::RecordBatchReader> Runner::infer(std::shared_ptr<const Task> task,
                                                        const TextInput& input,
                                                        const InferenceOptions& options) {
  const TableDescription table = describe_table(database_, input);
  const std::string path = sql::quote_path({input.source, "public", table.name});
  std::optional<uint64_t> num_rows;
  if (options.progress) num_rows = database_.count_rows(input.source, table.name);

  auto rows =
      database_.sql(content_query(task->content(), text_of(input.key), input.columns, path), options.stop);
  std::unique_ptr<TaskStream> stream = task->run(std::move(rows), stream_options(), options.stop);
  return std::make_shared<InferenceReader>(std::move(task), input.source, std::move(stream),
                                           ProgressMeter(options.progress, num_rows), observers_);
}

std::shared_ptr<arrow::Table> Runner::annotate(std::shared_ptr<const Task> task, const TableInput& input,
                                               std::stop_token stop) {
  check_table(*task, input);
  const std::string key =
      input.key.empty() ? "CAST(row_number() OVER () - 1 AS VARCHAR)" : text_of(input.key);
  auto rows = database_.sql_with_relations(content_query(task->content(), key, input.columns, kRowsRelation),
                                           {{kRowsRelation, input.table}}, stop);
  std::unique_ptr<TaskStream> stream = task->run(std::move(rows), stream_options(), std::move(stop));
  InferenceReader reader(task, input.source, std::move(stream), ProgressMeter({}, std::nullopt), observers_);
  const auto batches = value_or_throw(reader.ToRecordBatches());
  auto inferred = value_or_throw(arrow::Table::FromRecordBatches(reader.schema(), batches));

  std::shared_ptr<arrow::Table> annotated = input.table;
  for (int column = kNumPrefixColumns; column < inferred->num_columns(); ++column) {
    annotated = value_or_throw(
        annotated->AddColumn(annotated->num_columns(), inferred->field(column), inferred->column(column)));
  }
  return annotated;
}

}  // namespace jammi::inference
