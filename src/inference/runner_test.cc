#include "inference/runner.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "inference/testing.h"
#include "inference/text_embedding_task.h"

namespace jammi::inference {
namespace {

using testing::tiny_bert;

class SeenBatches final : public InferenceObserver {
 public:
  void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) override {
    batches.push_back(batch);
    infos.push_back(info);
  }

  arrow::RecordBatchVector batches;
  std::vector<BatchInfo> infos;
};

class FailingObserver final : public InferenceObserver {
 public:
  void on_batch(const std::shared_ptr<arrow::RecordBatch>&, const BatchInfo&) override {
    throw std::runtime_error("the metrics server is down");
  }
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    std::ofstream csv(directory_.path() / "notes.csv");
    csv << "id,title,year\n1,bread with rye,2019\n2,,2020\n,no key,2021\n4,tomatoes,2022\n5,rice,2023\n";
    csv.close();
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    config.engine.execution_threads = 2;
    config.inference.batch_size = 2;
    database_ = Database::open(config);
    database_->add_source("notes", SourceType::File,
                          {.url = directory_.file("notes.csv"), .format = FileFormat::Csv, .options = {}});
    runner_.emplace(*database_, [](const std::string&, ModelTask, std::stop_token) {
      return make_text_embedding_task(tiny_bert());
    });
  }

  std::shared_ptr<const Task> task() { return runner_->load("tiny", ModelTask::TextEmbedding); }

  std::shared_ptr<arrow::RecordBatchReader> infer(const TextInput& input,
                                                  const InferenceOptions& options = {}) {
    return runner_->infer(task(), input, options);
  }

  static arrow::RecordBatchVector read_all(arrow::RecordBatchReader& reader) {
    auto batches = reader.ToRecordBatches();
    throw_if_error(batches.status());
    return *batches;
  }

  static std::vector<std::string> cells(const arrow::RecordBatchVector& batches, const std::string& column) {
    std::vector<std::string> values;
    for (const auto& batch : batches) {
      const auto& array = static_cast<const arrow::StringArray&>(*batch->GetColumnByName(column));
      for (int64_t i = 0; i < array.length(); ++i)
        values.push_back(array.IsNull(i) ? "null" : array.GetString(i));
    }
    return values;
  }

  static std::shared_ptr<arrow::Table> table_of(const std::vector<std::optional<std::string>>& texts) {
    arrow::StringBuilder builder;
    arrow::Int64Builder numbers;
    for (const auto& text : texts) {
      throw_if_error(text ? builder.Append(*text) : builder.AppendNull());
      throw_if_error(numbers.Append(static_cast<int64_t>(texts.size()) - numbers.length()));
    }
    return arrow::Table::Make(
        arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8())}),
        {numbers.Finish().ValueOrDie(), builder.Finish().ValueOrDie()});
  }

  static void expect_vector(const arrow::Array& column, int64_t row, const std::string& text) {
    const auto& vectors = static_cast<const arrow::FixedSizeListArray&>(column);
    ASSERT_FALSE(vectors.IsNull(row)) << text;
    const std::vector<float> expected = tiny_bert()->embed(text);
    const auto values = std::static_pointer_cast<arrow::FloatArray>(vectors.value_slice(row));
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(values->Value(static_cast<int64_t>(i)), expected[i], 1e-5) << text;
    }
  }

  jammi::testing::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::optional<Runner> runner_;
};

TEST_F(RunnerTest, infer_gives_the_prefix_and_the_task_columns_in_scan_order) {
  auto reader = infer({.source = "notes", .columns = {"title", "year"}, .key = "id"});
  EXPECT_EQ(reader->schema()->field_names(),
            (std::vector<std::string>{"_row_id", "_source", "_model", "_status", "_error", "_latency_ms",
                                      "vector"}));
  const arrow::RecordBatchVector batches = read_all(*reader);
  ASSERT_EQ(batches.size(), 3u) << "two rows a batch";
  EXPECT_EQ(cells(batches, "_row_id"), (std::vector<std::string>{"1", "2", "null", "4", "5"}));
  EXPECT_EQ(cells(batches, "_source"), std::vector<std::string>(5, "notes"));
  EXPECT_EQ(cells(batches, "_model"), std::vector<std::string>(5, tiny_bert()->model_id()));
  expect_vector(*batches[0]->GetColumnByName("vector"), 0, "bread with rye 2019");
  expect_vector(*batches[0]->GetColumnByName("vector"), 1, "2020");
  expect_vector(*batches[2]->GetColumnByName("vector"), 0, "rice 2023");
  for (const auto& batch : batches) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    const auto& latency = static_cast<const arrow::FloatArray&>(*batch->GetColumnByName("_latency_ms"));
    for (int64_t i = 0; i < latency.length(); ++i) EXPECT_EQ(latency.Value(i), latency.Value(0));
    EXPECT_GT(latency.Value(0), 0);
  }
}

TEST_F(RunnerTest, a_row_without_text_or_key_is_an_error_row_with_nulls_and_ends_nothing) {
  const auto batches = read_all(*infer({.source = "notes", .columns = {"title"}, .key = "id"}));
  EXPECT_EQ(cells(batches, "_status"), (std::vector<std::string>{"ok", "error", "error", "ok", "ok"}));
  EXPECT_EQ(cells(batches, "_error"),
            (std::vector<std::string>{"null", "Empty or null text input", "Null key", "null", "null"}));
  EXPECT_TRUE(batches[0]->GetColumnByName("vector")->IsNull(1));
  EXPECT_TRUE(batches[1]->GetColumnByName("vector")->IsNull(0));
  expect_vector(*batches[1]->GetColumnByName("vector"), 1, "tomatoes");
}

TEST_F(RunnerTest, what_does_not_exist_is_named_before_anything_runs) {
  EXPECT_ERROR(ErrorCode::NotFound, "Column not found: body", infer({"notes", {"body"}, "id"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Column not found: key", infer({"notes", {"title"}, "key"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Table not found: drafts", infer({"notes", {"title"}, "id", "drafts"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", infer({"nothing", {"title"}, "id"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "No content columns provided", infer({"notes", {}, "id"}));
}

TEST_F(RunnerTest, progress_ends_at_the_number_of_rows) {
  Progress last;
  InferenceOptions options{.progress = [&](const Progress& progress) { last = progress; }, .stop = {}};
  read_all(*infer({"notes", {"title"}, "id"}, options));
  EXPECT_EQ(last.rows_done, 5u);
  EXPECT_EQ(last.rows_total, 5u);
  EXPECT_EQ(last.rows_failed, 2u);
  EXPECT_GT(last.tokens_done, 0u);
}

TEST_F(RunnerTest, a_stop_request_ends_the_stream_with_cancelled_for_good) {
  std::stop_source stop;
  auto reader = infer({"notes", {"title"}, "id"}, {.progress = {}, .stop = stop.get_token()});
  stop.request_stop();
  std::shared_ptr<arrow::RecordBatch> batch;
  for (int i = 0; i < 2; ++i) {
    EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", throw_if_error(reader->ReadNext(&batch)));
  }
}

TEST_F(RunnerTest, a_closed_stream_has_no_more_rows) {
  auto reader = infer({"notes", {"title"}, "id"});
  ASSERT_TRUE(reader->Close().ok());
  EXPECT_TRUE(read_all(*reader).empty());
}

TEST_F(RunnerTest, observers_see_every_batch_as_it_comes_out) {
  auto seen = std::make_shared<SeenBatches>();
  runner_->observers().add(seen);
  const auto batches = read_all(*infer({"notes", {"title"}, "id"}));
  EXPECT_EQ(seen->batches, batches) << "the very same batches";
  for (const BatchInfo& info : seen->infos) {
    EXPECT_EQ(info.model_id, tiny_bert()->model_id());
    EXPECT_EQ(info.task, ModelTask::TextEmbedding);
    EXPECT_GT(info.latency_ms, 0);
  }
  runner_->observers().remove(*seen);
  read_all(*infer({"notes", {"title"}, "id"}));
  EXPECT_EQ(seen->batches.size(), batches.size()) << "a removed observer sees nothing";
}

TEST_F(RunnerTest, a_failing_observer_is_logged_once_per_failure_and_disturbs_nobody) {
  auto seen = std::make_shared<SeenBatches>();
  runner_->observers().add(std::make_shared<FailingObserver>());
  runner_->observers().add(seen);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(read_all(*infer({"notes", {"title"}, "id"})).size(), 3u);
  const std::string log = ::testing::internal::GetCapturedStderr();
  size_t num_reports = 0;
  for (size_t at = 0; (at = log.find("the metrics server is down", at)) != std::string::npos; ++at)
    ++num_reports;
  EXPECT_EQ(num_reports, 3u) << log;
  EXPECT_EQ(seen->batches.size(), 3u);
}

TEST_F(RunnerTest, annotate_appends_the_task_columns_and_changes_no_row) {
  auto seen = std::make_shared<SeenBatches>();
  runner_->observers().add(seen);
  auto rows = table_of({"rice", std::nullopt, "fish and rice", ""});
  auto annotated =
      runner_->annotate(task(), {.table = rows, .columns = {"text"}, .source = "notes", .key = "n"});
  EXPECT_EQ(annotated->schema()->field_names(), (std::vector<std::string>{"n", "text", "vector"}));
  EXPECT_TRUE(annotated->RemoveColumn(2).ValueOrDie()->Equals(*rows));
  auto whole = annotated->CombineChunks().ValueOrDie();
  const arrow::Array& vectors = *whole->GetColumnByName("vector")->chunk(0);
  expect_vector(vectors, 0, "rice");
  EXPECT_TRUE(vectors.IsNull(1));
  expect_vector(vectors, 2, "fish and rice");
  EXPECT_TRUE(vectors.IsNull(3));
  EXPECT_EQ(cells(seen->batches, "_row_id"), (std::vector<std::string>{"4", "3", "2", "1"}));
}

TEST_F(RunnerTest, rows_without_a_key_are_named_by_their_position) {
  auto seen = std::make_shared<SeenBatches>();
  runner_->observers().add(seen);
  runner_->annotate(
      task(),
      {.table = table_of({"rice", "fish", "bread"}), .columns = {"n", "text"}, .source = "s", .key = ""});
  EXPECT_EQ(cells(seen->batches, "_row_id"), (std::vector<std::string>{"0", "1", "2"}));
  expect_vector(*seen->batches[0]->GetColumnByName("vector"), 0, "3 rice");
}

TEST_F(RunnerTest, annotating_no_rows_still_adds_the_columns) {
  auto annotated =
      runner_->annotate(task(), {.table = table_of({}), .columns = {"text"}, .source = "s", .key = ""});
  EXPECT_EQ(annotated->num_rows(), 0);
  EXPECT_NE(annotated->GetColumnByName("vector"), nullptr);
}

TEST_F(RunnerTest, annotate_overwrites_no_column_and_names_a_missing_one) {
  auto rows = table_of({"rice"});
  auto taken = rows->RenameColumns({"vector", "text"}).ValueOrDie();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "have a column of this name already: vector",
               runner_->annotate(task(), {taken, {"text"}, "s", ""}));
  EXPECT_ERROR(ErrorCode::NotFound, "Column 'body' not found in input batch",
               runner_->annotate(task(), {rows, {"body"}, "s", ""}));
  EXPECT_ERROR(ErrorCode::NotFound, "Column '_row_id' not found",
               runner_->annotate(task(), {rows, {"text"}, "s", "_row_id"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "No content columns provided",
               runner_->annotate(task(), {rows, {}, "s", ""}));
}

}  // namespace
}  // namespace jammi::inference
