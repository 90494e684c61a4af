#include "inference/classification_task.h"

#include <algorithm>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>
#include <nlohmann/json.hpp>

#include "inference/class_scores.h"
#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using sql::throw_if_error;
using sql::value_or_throw;

/// Sorts its keys and writes float32 with the fewest digits that tell them apart.
using ScoresJson =
    nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

std::string scores_json(const std::vector<std::string>& labels, std::span<const float> scores) {
  ScoresJson object = ScoresJson::object();
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto [place, is_new] = object.emplace(labels[i], scores[i]);
    if (!is_new) *place = std::max(place->get<float>(), scores[i]);
  }
  return object.dump();
}

class ClassificationTask final : public TextTask {
 public:
  ClassificationTask(std::shared_ptr<const model::TextModel> model, std::vector<std::string> labels)
      : TextTask(std::move(model)), labels_(std::move(labels)) {}

  ModelTask kind() const noexcept override { return ModelTask::Classification; }

  arrow::FieldVector columns() const override {
    return {arrow::field("label", arrow::utf8()), arrow::field("confidence", arrow::float32()),
            arrow::field("all_scores_json", arrow::utf8())};
  }

 private:
  arrow::ArrayVector make_columns(TextModelOutput& output) const override {
    arrow::StringBuilder labels, all_scores;
    arrow::FloatBuilder confidences;
    for (size_t i = 0; i < output.rows.size(); ++i) {
      const std::span scores = std::span(output.values).subspan(i * labels_.size(), labels_.size());
      const auto best = output.rows[i].is_ok() ? likeliest_class(scores) : std::nullopt;
      if (!best) {
        if (output.rows[i].is_ok()) output.rows[i].error = kNotFiniteError;
        throw_if_error(labels.AppendNull());
        throw_if_error(confidences.AppendNull());
        throw_if_error(all_scores.AppendNull());
        continue;
      }
      soften(scores);
      throw_if_error(labels.Append(labels_[best->number]));
      throw_if_error(confidences.Append(scores[best->number]));
      throw_if_error(all_scores.Append(scores_json(labels_, scores)));
    }
    return {value_or_throw(labels.Finish()), value_or_throw(confidences.Finish()),
            value_or_throw(all_scores.Finish())};
  }

  const std::vector<std::string> labels_;
};

}  // namespace

std::shared_ptr<const TextTask> make_classification_task(std::shared_ptr<const model::TextModel> model,
                                                         std::vector<std::string> labels) {
  return std::make_shared<ClassificationTask>(std::move(model), std::move(labels));
}

}  // namespace jammi::inference
