#include "inference/inference_reader.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using sql::throw_if_error;

arrow::ArrayVector prefix_columns(const TaskOutput& output, const std::string& source,
                                  const std::string& model_id) {
  arrow::StringBuilder row_ids, sources, models, statuses, errors;
  arrow::FloatBuilder latencies;
  for (const RowOutcome& row : output.rows) {
    throw_if_error(row.row_id ? row_ids.Append(*row.row_id) : row_ids.AppendNull());
    throw_if_error(sources.Append(source));
    throw_if_error(models.Append(model_id));
    throw_if_error(statuses.Append(row.is_ok() ? "ok" : "error"));
    throw_if_error(row.is_ok() ? errors.AppendNull() : errors.Append(row.error));
    throw_if_error(latencies.Append(output.latency_ms));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &row_ids, &sources, &models, &statuses, &errors, &latencies})
    columns.push_back(sql::value_or_throw(builder->Finish()));
  return columns;
}

}  // namespace

std::shared_ptr<arrow::Schema> inference_schema(const Task& task) {
  arrow::FieldVector fields = {arrow::field("_row_id", arrow::utf8()),
                               arrow::field("_source", arrow::utf8(), /*nullable=*/false),
                               arrow::field("_model", arrow::utf8(), /*nullable=*/false),
                               arrow::field("_status", arrow::utf8(), /*nullable=*/false),
                               arrow::field("_error", arrow::utf8()),
                               arrow::field("_latency_ms", arrow::float32(), /*nullable=*/false)};
  const arrow::FieldVector own = task.columns();
  fields.insert(fields.end(), own.begin(), own.end());
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::RecordBatch> inference_batch(const Task& task, const std::string& source,
                                                    const TaskOutput& output) {
  arrow::ArrayVector columns = prefix_columns(output, source, task.model_id());
  columns.insert(columns.end(), output.columns.begin(), output.columns.end());
  return arrow::RecordBatch::Make(inference_schema(task), static_cast<int64_t>(output.rows.size()),
                                  std::move(columns));
}

InferenceReader::InferenceReader(std::shared_ptr<const Task> task, std::string source,
                                 std::unique_ptr<TaskStream> stream, ProgressMeter meter,
                                 std::shared_ptr<const ObserverList> observers)
    : task_(std::move(task)),
      source_(std::move(source)),
      schema_(inference_schema(*task_)),
      stream_(std::move(stream)),
      meter_(std::move(meter)),
      observers_(std::move(observers)) {}

std::shared_ptr<arrow::RecordBatch> InferenceReader::next_batch() {
  std::optional<TaskOutput> output = stream_->next();
  if (!output) {
    meter_.finish();
    return nullptr;
  }
  auto batch = inference_batch(*task_, source_, *output);
  observers_->notify(batch, {task_->model_id(), task_->kind(), output->latency_ms});
  const auto num_ok = std::ranges::count_if(output->rows, &RowOutcome::is_ok);
  meter_.advance(output->rows.size(), output->rows.size() - static_cast<size_t>(num_ok), output->num_tokens);
  return batch;
}

arrow::Status InferenceReader::ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) {
  *batch = nullptr;
  if (stream_ == nullptr) return failure_;
  try {
    *batch = next_batch();
  } catch (const Error& error) {
    failure_ = sql::to_status(error);
  } catch (const std::exception& error) {
    failure_ = sql::to_status(Error(ErrorCode::Internal, ErrorCategory::Inference, error.what()));
  }
  if (*batch == nullptr) stream_.reset();
  return failure_;
}

arrow::Status InferenceReader::Close() {
  stream_.reset();
  return arrow::Status::OK();
}

}  // namespace jammi::inference
