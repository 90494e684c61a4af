#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "inference/task.h"
#include "inference/text_model_stream.h"
#include "model/text_model.h"

namespace jammi::inference {

/// A task of a text model: what the model makes of each window of rows becomes columns.
class TextTask : public Task {
 public:
  Content content() const noexcept final { return Content::Text; }
  const std::string& model_id() const noexcept final { return model_->model_id(); }

  std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                  const StreamOptions& options, std::stop_token stop) const final;

  /// What the task's streams give for one window of the model's.
  TaskOutput finish(TextModelOutput output) const;

 protected:
  explicit TextTask(std::shared_ptr<const model::TextModel> model);

 private:
  /// The task's columns. May move the values out of `output`, and give rows an error that have none.
  virtual arrow::ArrayVector make_columns(TextModelOutput& output) const = 0;

  const std::shared_ptr<const model::TextModel> model_;
};

}  // namespace jammi::inference
