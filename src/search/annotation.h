#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "inference/runner.h"
#include "inference/task.h"

namespace jammi::search {

/// A model's task over text columns of the rows so far.
struct Annotation {
  std::shared_ptr<const inference::Task> task;
  std::vector<std::string> columns;
};

/// The columns that an annotation adds: those of the task, then inference_model, inference_task and
/// inference_confidence.
arrow::FieldVector annotation_fields(const Annotation& annotation);

/// Throws Conflict naming the first of `annotation_fields` that `present` has already.
void check_annotation_fits(const Annotation& annotation, const std::vector<std::string>& present);

/// `rows` with the columns of `annotation_fields`. The task's are null where a row has no text;
/// inference_confidence is the task's confidence, null for a task that has none.
std::shared_ptr<arrow::Table> annotate(inference::Runner& runner, const Annotation& annotation,
                                       std::shared_ptr<arrow::Table> rows, const std::string& source,
                                       std::stop_token stop);

/// One line for people to read.
std::string description(const Annotation& annotation);

}  // namespace jammi::search
