#include "inference/text_task.h"

#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace jammi::inference {
namespace {

class TextTaskStream final : public TaskStream {
 public:
  TextTaskStream(const TextTask& task, std::shared_ptr<const model::TextModel> model, TextRowReader rows,
                 const StreamOptions& options, std::stop_token stop)
      : task_(task), stream_(std::move(model), std::move(rows), options, std::move(stop)) {}

  std::optional<TaskOutput> next() override {
    std::optional<TextModelOutput> output = stream_.next();
    if (!output) return std::nullopt;
    return task_.finish(std::move(*output));
  }

 private:
  const TextTask& task_;
  TextModelStream stream_;
};

}  // namespace

TextTask::TextTask(std::shared_ptr<const model::TextModel> model) : model_(std::move(model)) {}

std::unique_ptr<TaskStream> TextTask::run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                          const StreamOptions& options, std::stop_token stop) const {
  return std::make_unique<TextTaskStream>(*this, model_, TextRowReader(std::move(rows)), options,
                                          std::move(stop));
}

TaskOutput TextTask::finish(TextModelOutput output) const {
  TaskOutput finished;
  finished.columns = make_columns(output);
  for (TextRow& row : output.rows) finished.rows.push_back(outcome_of(std::move(row)));
  finished.num_tokens = output.num_tokens;
  finished.latency_ms = output.latency_ms;
  return finished;
}

}  // namespace jammi::inference
