#include "inference/classification_task.h"

#include <cmath>
#include <limits>

#include <arrow/array/array_primitive.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "inference/class_scores.h"
#include "inference/testing.h"

namespace jammi::inference {
namespace {

using testing::cells;
using ::testing::ElementsAre;
using testing::tiny_classifier;

/// Rows whose logits these are, four to a row.
TextModelOutput rows_of(std::vector<float> logits) {
  TextModelOutput output;
  output.rows.resize(logits.size() / 4);
  output.values = std::move(logits);
  return output;
}

/// The task of a fixture that calls its four classes so.
std::shared_ptr<const TextTask> with_labels(const std::vector<std::string>& labels) {
  return make_classification_task(tiny_classifier(), labels);
}

std::shared_ptr<const TextTask> tiny_task() {
  return with_labels(tiny_classifier()->labels());
}

TEST(ClassificationTask, rows_get_the_label_that_fits_their_text) {
  const auto task = tiny_task();
  EXPECT_EQ(task->kind(), ModelTask::Classification);
  EXPECT_EQ(arrow::schema(task->columns())->field_names(),
            (std::vector<std::string>{"label", "confidence", "all_scores_json"}));
  const TaskOutput output =
      testing::run(*task, {"cooking rice with fish and oil", "queries over tables on disk",
                           "insulin for patients with diabetes", "batteries keep the power of solar panels"});
  EXPECT_THAT(cells(*output.columns[0]), ElementsAre("food", "software", "medicine", "energy"));
}

TEST(ClassificationTask, scores_are_those_of_the_logits_and_add_up_to_one) {
  const std::vector<std::string> texts{"the sea", "solar panels, solar panels", "新 日本 🙂"};
  const TaskOutput output = testing::run(*tiny_task(), texts);
  const auto& confidences = static_cast<const arrow::FloatArray&>(*output.columns[1]);
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = texts[i];
    const text::TokenBatch tokens = tiny_classifier()->tokenize({&text, 1});
    std::vector<float> logits(4);
    tiny_classifier()->make_worker()->compute(model::view(tokens), logits);
    const auto scores = nlohmann::json::parse(cells(*output.columns[2])[i]);
    double sum = 0, largest = 0;
    for (size_t label = 0; label < 4; ++label) {
      const double score = scores.at(tiny_classifier()->labels()[label]);
      EXPECT_NEAR(std::log(score / scores.at("energy").get<double>()), logits[label] - logits[0], 1e-3);
      sum += score;
      largest = std::max(largest, score);
    }
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_FLOAT_EQ(confidences.Value(static_cast<int64_t>(i)), static_cast<float>(largest));
    EXPECT_FLOAT_EQ(scores.at(cells(*output.columns[0])[i]), static_cast<float>(largest));
  }
}

TEST(ClassificationTask, a_row_without_text_is_an_error_row_of_nulls) {
  const TaskOutput output = testing::run(*tiny_task(), {"rice", "", "fish"});
  EXPECT_EQ(output.rows[1].error, "Empty or null text input");
  for (const auto& column : output.columns) {
    EXPECT_EQ(column->null_count(), 1);
    EXPECT_TRUE(column->IsNull(1));
  }
}

TEST(ClassificationTask, all_scores_are_an_object_with_sorted_keys_and_escaped_labels) {
  const auto task = with_labels({"z\"\\\n", "Ärger", "日本", "\u0001<b>"});
  const TaskOutput finished =
      task->finish(rows_of({std::log(1.0f), std::log(1.0f), std::log(4.0f), std::log(2.0f)}));
  EXPECT_THAT(cells(*finished.columns[0]), ElementsAre("日本"));
  EXPECT_THAT(cells(*finished.columns[2]),
              ElementsAre(R"({"\u0001<b>":0.25,"z\"\\\n":0.125,"Ärger":0.125,"日本":0.5})"));
}

TEST(ClassificationTask, scores_have_the_digits_of_float32) {
  const auto task = with_labels({"a", "b", "c", "d"});
  EXPECT_EQ(cells(*task->finish(rows_of({0, 40, 0, 0})).columns[2])[0],
            R"({"a":4.248354e-18,"b":1.0,"c":4.248354e-18,"d":4.248354e-18})");
}

TEST(ClassificationTask, labels_that_classes_share_have_the_largest_score) {
  const auto task = with_labels({"same", "same", "other", "same"});
  const TaskOutput finished =
      task->finish(rows_of({std::log(1.0f), std::log(4.0f), std::log(1.0f), std::log(2.0f)}));
  EXPECT_EQ(cells(*finished.columns[2])[0], R"({"other":0.125,"same":0.5})");
}

TEST(ClassificationTask, logits_that_are_not_finite_make_an_error_row) {
  const auto task = with_labels({"a", "b", "c", "d"});
  const TaskOutput finished =
      task->finish(rows_of({1, 2, std::numeric_limits<float>::quiet_NaN(), 3, 0, 0, 0, 9}));
  EXPECT_EQ(finished.rows[0].error, kNotFiniteError);
  EXPECT_TRUE(finished.rows[1].is_ok());
  EXPECT_THAT(cells(*finished.columns[0]), ElementsAre("null", "d"));
}

}  // namespace
}  // namespace jammi::inference
