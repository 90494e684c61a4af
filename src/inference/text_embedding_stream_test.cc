#include "inference/text_embedding_stream.h"

#include <atomic>
#include <random>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "model/resolver.h"

namespace jammi::inference {
namespace {

std::shared_ptr<const model::TextEmbedder> tiny_bert() {
  static const auto embedder = model::TextEmbedder::load(
      model::Resolver(Config::Backend::Auto, {}, {})
          .resolve(model::parse_model_source("local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert")),
      Config::Precision::F32);
  return embedder;
}

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

TEST(TextEmbeddingStream, gives_every_row_in_order_with_the_vector_it_has_alone) {
  auto texts = std::make_shared<GeneratedTexts>(7, 53, varied_text);
  TextEmbeddingStream stream(tiny_bert(), TextRowReader(texts),
                             {.num_threads = 3, .rows_per_window = 100, .tokens_per_batch = 200});
  int64_t next_row = 0;
  while (std::optional<EmbeddedRows> embedded = stream.next()) {
    for (size_t i = 0; i < embedded->rows.size(); ++i, ++next_row) {
      ASSERT_EQ(embedded->rows[i].row_id, std::to_string(next_row));
      const std::string text = varied_text(next_row);
      EXPECT_EQ(embedded->rows[i].is_ok(), !text.empty());
      if (text.empty()) continue;
      const std::vector<float> alone = tiny_bert()->embed(text);
      for (size_t d = 0; d < alone.size(); ++d) {
        ASSERT_NEAR(embedded->vectors[i * alone.size() + d], alone[d], 1e-5) << text;
      }
    }
  }
  EXPECT_EQ(next_row, 7 * 53);
}

TEST(TextEmbeddingStream, reads_ahead_by_a_bounded_number_of_rows) {
  auto texts = std::make_shared<GeneratedTexts>(1000, 10, [](int64_t) { return "some words"; });
  TextEmbeddingStream stream(tiny_bert(), TextRowReader(texts),
                             {.num_threads = 2, .rows_per_window = 10, .windows_in_flight = 3});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(stream.next().has_value());
    EXPECT_LE(texts->num_read_, i + 1 + 3 + 1) << "one window given, three in flight, one being read";
  }
}

TEST(TextEmbeddingStream, a_stop_request_ends_it_with_cancelled) {
  auto texts = std::make_shared<GeneratedTexts>(1'000'000, 10, [](int64_t) { return "some words"; });
  std::stop_source stop;
  TextEmbeddingStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2}, stop.get_token());
  ASSERT_TRUE(stream.next().has_value());
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", stream.next());
}

TEST(TextEmbeddingStream, what_the_reader_throws_arrives_after_the_rows_before_it) {
  auto texts = std::make_shared<GeneratedTexts>(3, 10, [](int64_t row) -> std::string {
    if (row == 25) throw source_error(ErrorCode::DataCorruption, "s", "torn page");
    return "some words";
  });
  TextEmbeddingStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2, .rows_per_window = 10});
  EXPECT_TRUE(stream.next().has_value());
  EXPECT_TRUE(stream.next().has_value());
  EXPECT_ERROR(ErrorCode::DataCorruption, "torn page", stream.next());
}

TEST(TextEmbeddingStream, an_abandoned_stream_stops_reading) {
  auto texts = std::make_shared<GeneratedTexts>(1'000'000, 10, [](int64_t) { return "some words"; });
  {
    TextEmbeddingStream stream(tiny_bert(), TextRowReader(texts), {.num_threads = 2, .rows_per_window = 10});
  }
  EXPECT_LT(texts->num_read_, 100);
}

}  // namespace
}  // namespace jammi::inference
