#include "inference/vector_memo.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "inference/text_rows.h"

namespace jammi::inference {
namespace {

/// "Embeds" a text as [length, 1] and counts how often it was asked to. The text "bad" fails.
class LengthTask final : public Task {
 public:
  explicit LengthTask(std::vector<std::string>& computed) : computed_(computed) {}

  ModelTask kind() const noexcept override { return ModelTask::TextEmbedding; }
  Content content() const noexcept override { return Content::Text; }
  const std::string& model_id() const noexcept override { return id_; }
  arrow::FieldVector columns() const override {
    return {arrow::field("vector", arrow::fixed_size_list(arrow::float32(), 2))};
  }

  std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows, const StreamOptions&,
                                  std::stop_token stop) const override {
    return std::make_unique<Run>(TextRowReader(std::move(rows)), computed_, std::move(stop));
  }

 private:
  class Run final : public TaskStream {
   public:
    Run(TextRowReader rows, std::vector<std::string>& computed, std::stop_token stop)
        : rows_(std::move(rows)), computed_(computed), stop_(std::move(stop)) {}

    std::optional<TaskOutput> next() override {
      if (stop_.stop_requested()) throw Error(ErrorCode::Cancelled, ErrorCategory::Inference, "cancelled");
      const std::vector<TextRow> rows = rows_.next(2, 1000);
      if (rows.empty()) return std::nullopt;
      TaskOutput output;
      auto values = std::make_shared<arrow::FloatBuilder>();
      arrow::FixedSizeListBuilder lists(arrow::default_memory_pool(), values, 2);
      for (const TextRow& row : rows) {
        computed_.push_back(row.text);
        output.rows.push_back({.row_id = row.row_id, .error = row.text == "bad" ? "out of memory" : ""});
        EXPECT_TRUE(lists.Append().ok() && values->Append(static_cast<float>(row.text.size())).ok() &&
                    values->Append(1).ok());
      }
      output.columns = {lists.Finish().ValueOrDie()};
      return output;
    }

   private:
    TextRowReader rows_;
    std::vector<std::string>& computed_;
    std::stop_token stop_;
  };

  const std::string id_ = "lengths";
  std::vector<std::string>& computed_;
};

class VectorMemoTest : public ::testing::Test {
 protected:
  using Texts = std::vector<std::string_view>;

  VectorMemo memo(size_t budget_bytes) {
    return VectorMemo(std::make_shared<LengthTask>(computed_), 2, 1, budget_bytes);
  }

  std::vector<std::string> computed_;
};

TEST_F(VectorMemoTest, gives_a_vector_for_each_text_in_order) {
  VectorMemo all = memo(1 << 20);
  EXPECT_EQ(all.compute(Texts{"a", "four", "xyz"}, {}), (std::vector<float>{1, 1, 4, 1, 3, 1}));
  EXPECT_TRUE(all.compute({}, {}).empty());
}

TEST_F(VectorMemoTest, equal_texts_are_computed_once_within_and_across_calls) {
  VectorMemo all = memo(1 << 20);
  EXPECT_EQ(all.compute(Texts{"a", "bb", "a"}, {}), (std::vector<float>{1, 1, 2, 1, 1, 1}));
  EXPECT_EQ(all.compute(Texts{"bb", "ccc", "a"}, {}), (std::vector<float>{2, 1, 3, 1, 1, 1}));
  EXPECT_EQ(computed_, (std::vector<std::string>{"a", "bb", "ccc"}));
}

TEST_F(VectorMemoTest, forgets_the_oldest_texts_beyond_its_budget_and_stays_right) {
  VectorMemo small = memo(0);  // one young vector and one old one
  for (const char* text : {"a", "bb", "ccc", "ccc", "a"}) small.compute(Texts{text}, {});
  EXPECT_EQ(computed_, (std::vector<std::string>{"a", "bb", "ccc", "a"}));
  EXPECT_EQ(small.compute(Texts{"dddd", "a", "ccc"}, {}), (std::vector<float>{4, 1, 1, 1, 3, 1}));
}

TEST_F(VectorMemoTest, a_text_that_fails_fails_the_call_and_is_not_remembered) {
  VectorMemo all = memo(1 << 20);
  for (int i = 0; i < 2; ++i) {
    EXPECT_ERROR(ErrorCode::Internal, "out of memory", all.compute(Texts{"good", "bad"}, {}));
  }
  EXPECT_EQ(computed_.size(), 4u);
}

TEST_F(VectorMemoTest, a_stop_request_ends_the_call) {
  std::stop_source stop;
  stop.request_stop();
  VectorMemo all = memo(1 << 20);
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", all.compute(Texts{"a"}, stop.get_token()));
}

}  // namespace
}  // namespace jammi::inference
