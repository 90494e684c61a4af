/// Every task on a machine with too little memory, through the streams that users get.

#include <atomic>
#include <exception>
#include <fstream>
#include <new>
#include <stdexcept>
#include <tuple>

#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "inference/classification_task.h"
#include "inference/image_embedding_task.h"
#include "inference/inference_reader.h"
#include "inference/ner_task.h"
#include "inference/runner.h"
#include "inference/testing.h"
#include "inference/text_embedding_task.h"
#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using sql::value_or_throw;
using ::testing::Each;

constexpr int kNumRows = 400;
constexpr int kRowsPerWindow = 4;

/// Refuses batches of more rows than `capacity`.
struct Memory {
  size_t capacity = 0;
  std::exception_ptr failure = std::make_exception_ptr(std::bad_alloc());
  std::atomic<int> num_refused = 0;

  void take(size_t num_rows) {
    if (num_rows <= capacity) return;
    ++num_refused;
    std::rethrow_exception(failure);
  }
};

/// A text model whose workers have that memory.
class LimitedTextModel final : public model::TextModel {
 public:
  LimitedTextModel(std::shared_ptr<const model::TextModel> model, Memory& memory)
      : model_(std::move(model)), memory_(memory) {}

  const std::string& model_id() const noexcept override { return model_->model_id(); }
  size_t weight_bytes() const noexcept override { return model_->weight_bytes(); }
  size_t row_width() const noexcept override { return model_->row_width(); }
  bool is_per_token() const noexcept override { return model_->is_per_token(); }
  size_t tokens_per_batch() const noexcept override { return model_->tokens_per_batch(); }
  text::TokenBatch tokenize(std::span<const std::string_view> texts) const override {
    return model_->tokenize(texts);
  }
  std::unique_ptr<model::TextWorker> make_worker() const override {
    return std::make_unique<Worker>(model_->make_worker(), memory_);
  }

 private:
  class Worker final : public model::TextWorker {
   public:
    Worker(std::unique_ptr<model::TextWorker> worker, Memory& memory)
        : worker_(std::move(worker)), memory_(memory) {}
    void compute(const nn::PackedBatchView& batch, std::span<float> out) override {
      memory_.take(batch.num_sequences());
      worker_->compute(batch, out);
    }

   private:
    const std::unique_ptr<model::TextWorker> worker_;
    Memory& memory_;
  };

  const std::shared_ptr<const model::TextModel> model_;
  Memory& memory_;
};

/// The same for images.
class LimitedImageModel final : public model::ImageModel {
 public:
  LimitedImageModel(std::shared_ptr<const model::ImageModel> model, Memory& memory)
      : model_(std::move(model)), memory_(memory) {}

  const std::string& model_id() const noexcept override { return model_->model_id(); }
  size_t weight_bytes() const noexcept override { return model_->weight_bytes(); }
  size_t dimensions() const noexcept override { return model_->dimensions(); }
  const image::Preprocessing& preprocessing() const noexcept override { return model_->preprocessing(); }
  size_t tokens_per_image() const noexcept override { return model_->tokens_per_image(); }
  size_t tokens_per_batch() const noexcept override { return model_->tokens_per_batch(); }
  std::unique_ptr<model::ImageWorker> make_worker() const override {
    return std::make_unique<Worker>(model_->make_worker(), model_->dimensions(), memory_);
  }

 private:
  class Worker final : public model::ImageWorker {
   public:
    Worker(std::unique_ptr<model::ImageWorker> worker, size_t dimensions, Memory& memory)
        : worker_(std::move(worker)), dimensions_(dimensions), memory_(memory) {}
    void encode(std::span<const float> pixels, std::span<float> out) override {
      memory_.take(out.size() / dimensions_);
      worker_->encode(pixels, out);
    }

   private:
    const std::unique_ptr<model::ImageWorker> worker_;
    const size_t dimensions_;
    Memory& memory_;
  };

  const std::shared_ptr<const model::ImageModel> model_;
  Memory& memory_;
};

std::shared_ptr<const Task> make_task(ModelTask kind, Memory& memory) {
  const auto limited = [&](std::shared_ptr<const model::TextModel> model) {
    return std::make_shared<LimitedTextModel>(std::move(model), memory);
  };
  switch (kind) {
    case ModelTask::TextEmbedding:
      return make_text_embedding_task(limited(testing::tiny_bert()));
    case ModelTask::Classification:
      return make_classification_task(limited(testing::tiny_classifier()),
                                      testing::tiny_classifier()->labels());
    case ModelTask::Ner:
      return make_ner_task(limited(testing::tiny_ner()), testing::tiny_ner()->labels());
    case ModelTask::ImageEmbedding:
      return make_image_embedding_task(std::make_shared<LimitedImageModel>(testing::tiny_clip(), memory));
  }
  throw std::logic_error("unknown task");
}

enum class Way { Infer, Annotate };

/// Rows of texts and images in a source, and what a task makes of them.
class OutOfMemory : public ::testing::TestWithParam<std::tuple<ModelTask, Way>> {
 protected:
  OutOfMemory() {
    const char* texts[] = {"bread with rye", "Ada Lovelace lived in London", "solar power", "a", "fish"};
    const char* images[] = {"colour.png", "grey.jpg", "alpha.webp"};
    std::ofstream csv(directory_.path() / "rows.csv");
    csv << "id,text,image\n";
    for (int i = 0; i < kNumRows; ++i) {
      csv << i << ',' << texts[i % 5] << ',' << JAMMI_SOURCE_DIR "/tests/fixtures/images/" << images[i % 3]
          << '\n';
    }
  }

  /// The columns of the task, with row ids and, from `infer`, errors.
  std::shared_ptr<arrow::Table> run(Memory& memory, size_t rows_per_window = kRowsPerWindow) {
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    config.engine.execution_threads = 2;
    config.inference.batch_size = rows_per_window;
    auto database = Database::open(config);
    if (database->list_sources().empty()) {
      database->add_source("rows", SourceType::File,
                           {.url = directory_.file("rows.csv"), .format = FileFormat::Csv, .options = {}});
    }
    const auto [kind, way] = GetParam();
    Runner runner(*database, /*load=*/{});
    const auto task = make_task(kind, memory);
    const std::string content = task->content() == Content::Image ? "image" : "text";
    if (way == Way::Annotate) {
      auto rows = value_or_throw(
          database->sql("SELECT id, " + content + " FROM rows.public.rows ORDER BY id")->ToTable());
      return runner.annotate(task, {.table = rows, .columns = {content}, .source = "rows", .key = ""});
    }
    auto table = value_or_throw(
        runner.infer(task, {.source = "rows", .columns = {content}, .key = "id"}, {})->ToTable());
    const int latency = table->schema()->GetFieldIndex("_latency_ms");
    return value_or_throw(table->RemoveColumn(latency));
  }

  /// Every row is there, in order, with no result and, from `infer`, with `error`.
  static void expect_errors(const arrow::Table& rows, const std::string& error) {
    ASSERT_EQ(rows.num_rows(), kNumRows);
    const bool is_inferred = std::get<Way>(GetParam()) == Way::Infer;
    for (int column = is_inferred ? kNumPrefixColumns - 1 : 2; column < rows.num_columns(); ++column) {
      EXPECT_EQ(rows.column(column)->null_count(), kNumRows) << rows.field(column)->name();
    }
    if (!is_inferred) return;
    EXPECT_THAT(cells_of(rows, "_error"), Each(error));
    const std::vector<std::string> ids = cells_of(rows, "_row_id");
    for (int i = 0; i < kNumRows; ++i) EXPECT_EQ(ids[static_cast<size_t>(i)], std::to_string(i));
  }

  static std::vector<std::string> cells_of(const arrow::Table& rows, const std::string& column) {
    return testing::cells(*value_or_throw(arrow::Concatenate(rows.GetColumnByName(column)->chunks())));
  }

  jammi::testing::TemporaryDirectory directory_;
};

TEST_P(OutOfMemory, halves_batches_until_they_fit_and_loses_no_row) {
  Memory roomy{.capacity = 1000};
  const auto expected = run(roomy, /*rows_per_window=*/1);
  Memory tight{.capacity = 1};
  const auto computed = run(tight);
  EXPECT_GT(tight.num_refused, 0);
  EXPECT_EQ(computed->num_rows(), kNumRows);
  EXPECT_TRUE(value_or_throw(computed->CombineChunks())->Equals(*value_or_throw(expected->CombineChunks())))
      << "the same in the same order";
}

TEST_P(OutOfMemory, keeps_what_it_learned_for_the_rest_of_the_stream) {
  Memory tight{.capacity = 1};
  run(tight);
  EXPECT_LT(tight.num_refused, kNumRows / kRowsPerWindow) << "less than one a window";
}

TEST_P(OutOfMemory, makes_an_error_row_of_what_does_not_fit_alone) {
  Memory none{.capacity = 0};
  expect_errors(*run(none), "out of memory at the smallest batch size");
}

TEST_P(OutOfMemory, other_failures_halve_nothing) {
  Memory broken{.capacity = 1, .failure = std::make_exception_ptr(std::runtime_error("device lost"))};
  expect_errors(*run(broken), "device lost");
  EXPECT_EQ(broken.num_refused, kNumRows / kRowsPerWindow) << "one a window";
}

std::string name_of(const ::testing::TestParamInfo<OutOfMemory::ParamType>& test) {
  const auto [kind, way] = test.param;
  return std::string(to_string(kind)) + (way == Way::Infer ? "_by_infer" : "_by_annotate");
}

INSTANTIATE_TEST_SUITE_P(Tasks, OutOfMemory,
                         ::testing::Combine(::testing::Values(ModelTask::TextEmbedding,
                                                              ModelTask::Classification, ModelTask::Ner,
                                                              ModelTask::ImageEmbedding),
                                            ::testing::Values(Way::Infer, Way::Annotate)),
                         name_of);

}  // namespace
}  // namespace jammi::inference
