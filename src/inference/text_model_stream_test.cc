#include "inference/text_model_stream.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <random>
#include <stdexcept>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "inference/testing.h"

namespace jammi::inference {
namespace {

using ::testing::ElementsAre;
using testing::tiny_bert;

/// A model whose tokens are the bytes of a text but for blanks, and whose row for a text is its first byte
/// and its length, or for a token the byte and its place in the text. Wants batches of 30 tokens. Refuses the
/// byte '!', and batches of more tokens than `memory`.
class ByteModel final : public model::TextModel {
 public:
  explicit ByteModel(bool is_per_token, size_t memory = 1000)
      : is_per_token_(is_per_token), memory_(memory) {}

  const std::string& model_id() const noexcept override { return id_; }
  size_t weight_bytes() const noexcept override { return 0; }
  size_t row_width() const noexcept override { return 2; }
  bool is_per_token() const noexcept override { return is_per_token_; }
  size_t tokens_per_batch() const noexcept override { return 30; }

  text::TokenBatch tokenize(std::span<const std::string_view> texts) const override {
    text::TokenBatch batch;
    for (std::string_view text : texts) {
      for (int32_t i = 0; std::cmp_less(i, text.size()); ++i) {
        if (text[i] == ' ') continue;
        batch.token_ids.push_back(text[i]);
        batch.spans.push_back({i, i + 1});
      }
      batch.offsets.push_back(static_cast<int32_t>(batch.token_ids.size()));
    }
    return batch;
  }

  std::unique_ptr<model::TextWorker> make_worker() const override { return std::make_unique<Worker>(*this); }

  mutable std::atomic<int> num_refused = 0;
  mutable std::atomic<size_t> largest_batch = 0;  ///< in tokens

 private:
  class Worker final : public model::TextWorker {
   public:
    explicit Worker(const ByteModel& model) : model_(model) {}

    void compute(const nn::PackedBatchView& batch, std::span<float> out) override {
      if (batch.num_tokens() > model_.memory_) {
        ++model_.num_refused;
        throw std::bad_alloc();
      }
      size_t largest = model_.largest_batch;
      while (largest < batch.num_tokens() &&
             !model_.largest_batch.compare_exchange_weak(largest, batch.num_tokens())) {
      }
      if (std::ranges::contains(batch.token_ids, '!')) throw std::runtime_error("cannot compute '!'");
      auto value = out.begin();
      for (size_t i = 0; i < batch.num_sequences(); ++i) {
        const int32_t length = batch.offsets[i + 1] - batch.offsets[i];
        for (int32_t token = 0; token < (model_.is_per_token_ ? length : 1); ++token) {
          *value++ = static_cast<float>(batch.token_ids[static_cast<size_t>(batch.offsets[i] + token)]);
          *value++ = static_cast<float>(model_.is_per_token_ ? token : length);
        }
      }
    }

   private:
    const ByteModel& model_;
  };

  const std::string id_ = "bytes";
  const bool is_per_token_;
  const size_t memory_;
};

/// A reader of (key, text) batches made on demand.
class GeneratedTexts : public arrow::RecordBatchReader {
 public:
  GeneratedTexts(int64_t num_batches, int64_t rows_per_batch, std::function<std::string(int64_t row)> text)
      : num_batches_(num_batches), rows_per_batch_(rows_per_batch), text_(std::move(text)) {}

  std::shared_ptr<arrow::Schema> schema() const override {
    return arrow::schema({arrow::field("key", arrow::utf8()), arrow::field("text", arrow::utf8())});
  }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (num_read_ == num_batches_) return arrow::Status::OK();
    arrow::StringBuilder keys;
    arrow::StringBuilder texts;
    for (int64_t i = 0; i < rows_per_batch_; ++i) {
      const int64_t row = num_read_ * rows_per_batch_ + i;
      ARROW_RETURN_NOT_OK(keys.Append(std::to_string(row)));
      ARROW_RETURN_NOT_OK(texts.Append(text_(row)));
    }
    ++num_read_;
    *batch = arrow::RecordBatch::Make(schema(), rows_per_batch_,
                                      {keys.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
    return arrow::Status::OK();
  }

  std::atomic<int64_t> num_read_ = 0;

 private:
  const int64_t num_batches_;
  const int64_t rows_per_batch_;
  const std::function<std::string(int64_t)> text_;
};

std::string varied_text(int64_t row) {
  std::mt19937 random(static_cast<uint32_t>(row));
  if (random() % 17 == 0) return "";
  std::string text;
  for (uint32_t words = random() % 60 + 1; words > 0; --words)
    text += "word" + std::to_string(random() % 90) + " ";
  return text;
}

TEST(TextModelStream, gives_every_row_in_order_with_the_vector_it_has_alone) {
  auto texts = std::make_shared<GeneratedTexts>(7, 53, varied_text);
  TextModelStream stream(tiny_bert(), TextRowReader(texts),
                         {.num_threads = 3, .rows_per_window = 100, .tokens_per_batch = 200});
  int64_t next_row = 0;
  while (std::optional<TextModelOutput> embedded = stream.next()) {
    for (size_t i = 0; i < embedded->rows.size(); ++i, ++next_row) {
      ASSERT_EQ(embedded->rows[i].row_id, std::to_string(next_row));
      const std::string text = varied_text(next_row);
      EXPECT_EQ(embedded->rows[i].is_ok(), !text.empty());
      if (text.empty()) continue;
      const std::vector<float> alone = tiny_bert()->embed(text);
      for (size_t d = 0; d < alone.size(); ++d) {
        ASSERT_NEAR(embedded->values[i * alone.size() + d], alone[d], 1e-5) << text;
      }
    }
  }
  EXPECT_EQ(next_row, 7 * 53);
}

/// All rows of the texts, by a stream of small windows and batches.
TextModelOutput compute(const std::shared_ptr<const model::TextModel>& model,
                        const std::vector<std::string>& texts, std::optional<size_t> tokens_per_batch = 20) {
  auto rows = std::make_shared<GeneratedTexts>(1, static_cast<int64_t>(texts.size()),
                                               [&](int64_t row) { return texts[static_cast<size_t>(row)]; });
  TextModelStream stream(model, TextRowReader(rows),
                         {.num_threads = 2, .tokens_per_batch = tokens_per_batch});
  TextModelOutput output = stream.next().value();
  EXPECT_FALSE(stream.next().has_value());
  return output;
}

TEST(TextModelStream, every_token_has_a_row_and_a_span_where_tokens_have_rows) {
  const TextModelOutput output = compute(std::make_shared<ByteModel>(true), {"ab", "", "c d", "efg"});
  EXPECT_THAT(output.firsts, ElementsAre(0, 2, 2, 4, 7));
  EXPECT_THAT(output.values, ElementsAre('a', 0, 'b', 1, 'c', 0, 'd', 1, 'e', 0, 'f', 1, 'g', 2));
  using Span = text::CharacterSpan;
  EXPECT_THAT(output.spans, ElementsAre(Span{0, 1}, Span{1, 2}, Span{0, 1}, Span{2, 3}, Span{0, 1},
                                        Span{1, 2}, Span{2, 3}));
  EXPECT_EQ(output.num_tokens, 7u);
}

TEST(TextModelStream, every_text_has_a_row_where_texts_have_rows) {
  const TextModelOutput output = compute(std::make_shared<ByteModel>(false), {"ab", "", "c d", "efg"});
  EXPECT_THAT(output.firsts, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(output.values, ElementsAre('a', 2, 0, 0, 'c', 2, 'e', 3));
}

TEST(TextModelStream, a_text_without_tokens_is_an_error_row) {
  const TextModelOutput output = compute(std::make_shared<ByteModel>(true), {"a", "  ", "b"});
  EXPECT_EQ(output.rows[1].error, kNoTokensError);
  EXPECT_THAT(output.values, ElementsAre('a', 0, 'b', 0));
}

TEST(TextModelStream, a_failed_batch_makes_its_rows_error_rows_and_no_others) {
  const TextModelOutput output = compute(std::make_shared<ByteModel>(false), {"abc", "x!", "de"}, 1);
  EXPECT_EQ(output.rows[1].error, "cannot compute '!'");
  EXPECT_THAT(output.values, ElementsAre('a', 3, 0, 0, 'd', 2));
}

TEST(TextModelStream, batches_are_as_large_as_the_model_wants_unless_the_options_say_otherwise) {
  const std::vector<std::string> texts(100, "abc");
  for (const std::optional<size_t> wanted : {std::optional<size_t>(), std::optional<size_t>(12)}) {
    auto model = std::make_shared<ByteModel>(false);
    compute(model, texts, wanted);
    EXPECT_EQ(model->largest_batch, wanted.value_or(30));
  }
}

TEST(TextModelStream, out_of_memory_halves_batches_and_loses_no_row) {
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i)
    texts.emplace_back(static_cast<size_t>(i % 10 + 1), static_cast<char>('a' + i % 26));
  auto model = std::make_shared<ByteModel>(false, 12);
  const TextModelOutput output = compute(model, texts, 400);
  EXPECT_GT(model->num_refused, 0);
  for (size_t row = 0; row < texts.size(); ++row) {
    EXPECT_TRUE(output.rows[row].is_ok()) << output.rows[row].error;
    EXPECT_EQ(output.values[2 * row], texts[row][0]);
    EXPECT_EQ(output.values[2 * row + 1], static_cast<float>(texts[row].size()));
  }
}

TEST(TextModelStream, a_text_too_large_for_the_memory_is_an_error_row) {
  const TextModelOutput output =
      compute(std::make_shared<ByteModel>(false, 5), {"abc", std::string(6, 'x'), "de"});
  EXPECT_EQ(output.rows[1].error, "out of memory at the smallest batch size");
  EXPECT_TRUE(output.rows[0].is_ok() && output.rows[2].is_ok());
}

TEST(TextModelStream, reads_ahead_by_a_bounded_number_of_rows) {
  auto texts = std::make_shared<GeneratedTexts>(1000, 10, [](int64_t) { return "some words"; });
  TextModelStream stream(tiny_bert(), TextRowReader(texts),
                         {.num_threads = 2, .rows_per_window = 10, .windows_in_flight = 3});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(stream.next().has_value());
    EXPECT_LE(texts->num_read_, i + 1 + 3 + 1) << "one window given, three in flight, one being read";
  }
}

TEST(TextModelStream, a_stop_request_ends_it_with_cancelled) {
  auto texts = std::make_shared<GeneratedTexts>(1'000'000, 10, [](int64_t) { return "some words"; });
  std::stop_source stop;
  TextModelStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2}, stop.get_token());
  ASSERT_TRUE(stream.next().has_value());
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", stream.next());
}

TEST(TextModelStream, what_the_reader_throws_arrives_after_the_rows_before_it) {
  auto texts = std::make_shared<GeneratedTexts>(3, 10, [](int64_t row) -> std::string {
    if (row == 25) throw source_error(ErrorCode::DataCorruption, "s", "torn page");
    return "some words";
  });
  TextModelStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2, .rows_per_window = 10});
  EXPECT_TRUE(stream.next().has_value());
  EXPECT_TRUE(stream.next().has_value());
  EXPECT_ERROR(ErrorCode::DataCorruption, "torn page", stream.next());
}

TEST(TextModelStream, an_abandoned_stream_stops_reading) {
  auto texts = std::make_shared<GeneratedTexts>(1'000'000, 10, [](int64_t) { return "some words"; });
  {
    TextModelStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2, .rows_per_window = 10});
  }
  EXPECT_LT(texts->num_read_, 100);
}

}  // namespace
}  // namespace jammi::inference
