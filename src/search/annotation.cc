#include "search/annotation.h"

#include <algorithm>
#include <utility>

#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <jammi/error.h>
#include <jammi/records.h>

#include "search/columns.h"
#include "sql/arrow_status.h"

namespace jammi::search {
namespace {

using sql::value_or_throw;

constexpr char kRowId[] = "_row_id";
constexpr char kConfidence[] = "confidence";

std::shared_ptr<arrow::ChunkedArray> repeated(const std::string& text, int64_t num_rows) {
  return std::make_shared<arrow::ChunkedArray>(
      value_or_throw(arrow::MakeArrayFromScalar(arrow::StringScalar(text), num_rows)));
}

std::shared_ptr<arrow::ChunkedArray> confidence_of(const arrow::Table& rows, const inference::Task& task) {
  const auto fields = task.columns();
  const bool has_confidence = std::ranges::any_of(fields, [](const auto& field) {
    return field->name() == kConfidence && field->type()->Equals(arrow::float32());
  });
  if (has_confidence) return rows.GetColumnByName(kConfidence);
  return std::make_shared<arrow::ChunkedArray>(
      value_or_throw(arrow::MakeArrayOfNull(arrow::float32(), rows.num_rows())));
}

}  // namespace

arrow::FieldVector annotation_fields(const Annotation& annotation) {
  arrow::FieldVector fields = annotation.task->columns();
  fields.push_back(arrow::field("inference_model", arrow::utf8()));
  fields.push_back(arrow::field("inference_task", arrow::utf8()));
  fields.push_back(arrow::field("inference_confidence", arrow::float32()));
  return fields;
}

void check_annotation_fits(const Annotation& annotation, const std::vector<std::string>& present) {
  for (const auto& field : annotation_fields(annotation)) {
    if (has_name(present, field->name())) {
      throw Error(ErrorCode::Conflict, ErrorCategory::Inference,
                  "Annotate adds a column '" + field->name() +
                      "', which the search has already; drop that one with select first");
    }
  }
}

std::shared_ptr<arrow::Table> annotate(inference::Runner& runner, const Annotation& annotation,
                                       std::shared_ptr<arrow::Table> rows, const std::string& source,
                                       std::stop_token stop) {
  const bool has_ids = rows->schema()->GetFieldIndex(kRowId) >= 0;
  auto annotated = runner.annotate(annotation.task,
                                   {.table = std::move(rows),
                                    .columns = annotation.columns,
                                    .source = source,
                                    .key = has_ids ? kRowId : ""},
                                   std::move(stop));
  const inference::Task& task = *annotation.task;
  const int64_t num_rows = annotated->num_rows();
  const arrow::ChunkedArrayVector columns = {repeated(task.model_id(), num_rows),
                                             repeated(std::string(to_string(task.kind())), num_rows),
                                             confidence_of(*annotated, task)};
  const arrow::FieldVector fields = annotation_fields(annotation);
  for (size_t i = 0; i < columns.size(); ++i) {
    annotated = value_or_throw(annotated->AddColumn(annotated->num_columns(),
                                                    fields[fields.size() - columns.size() + i], columns[i]));
  }
  return annotated;
}

std::string description(const Annotation& annotation) {
  return "annotate: " + std::string(to_string(annotation.task->kind())) + " of " + shown(annotation.columns) +
         " by " + annotation.task->model_id() + '\n';
}

}  // namespace jammi::search
