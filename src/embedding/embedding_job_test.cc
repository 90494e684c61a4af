#include "embedding/embedding_job.h"

#include <filesystem>
#include <fstream>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "db/open.h"
#include "inference/text_embedding_task.h"
#include "io/fault_injecting_file_system.h"
#include "io/local_file_system.h"
#include "model/resolver.h"
#include "model/text_embedder.h"

namespace jammi::embedding {
namespace {

std::shared_ptr<const model::TextEmbedder> tiny_bert() {
  static const auto embedder = model::TextEmbedder::load(
      model::Resolver(Config::Backend::Auto, {}, {})
          .resolve(model::parse_model_source("local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert")),
      Config::Precision::F32);
  return embedder;
}

std::shared_ptr<const inference::Task> tiny_task() {
  return inference::make_text_embedding_task(tiny_bert());
}

class EmbeddingJobTest : public ::testing::Test {
 protected:
  EmbeddingJobTest() {
    std::ofstream csv(directory_.path() / "notes.csv");
    csv << "id,title\n";
    for (int i = 0; i < 300; ++i) csv << i << ",note number " << i << " about words\n";
    csv.close();
    config_ = default_config();
    config_.artifact_dir = directory_.path() / "artifacts";
    config_.engine.execution_threads = 2;
  }

  std::unique_ptr<Database> open(std::shared_ptr<io::FileSystem> files) {
    auto database = db::open_database(config_, std::move(files));
    if (database->list_sources().empty()) {
      database->add_source("notes", SourceType::File,
                           {.url = directory_.file("notes.csv"), .format = FileFormat::Csv, .options = {}});
    }
    return database;
  }

  /// Result tables that are ready, each checked to be whole.
  size_t num_ready_tables() {
    auto database = open(io::local_file_system());
    size_t num_ready = 0;
    for (const ResultTableRecord& table : database->catalog().result_tables().list()) {
      if (table.status != ResultTableStatus::Ready) continue;
      EXPECT_EQ(table.row_count, 300);
      EXPECT_TRUE(std::filesystem::exists(table.parquet_path));
      ++num_ready;
    }
    return num_ready;
  }

  testing::TemporaryDirectory directory_;
  Config config_;
};

TEST_F(EmbeddingJobTest, progress_ends_at_the_number_of_rows) {
  auto database = open(io::local_file_system());
  Progress last;
  EmbeddingOptions options{.progress = [&](const Progress& progress) { last = progress; }, .stop = {}};
  EmbeddingSummary summary =
      run_embedding_job(*database, *tiny_task(), tiny_bert()->identity(),
                        {.source = "notes", .columns = {"title"}, .key = "id"}, {}, options);
  EXPECT_EQ(last.rows_done, 300u);
  EXPECT_EQ(last.rows_total, 300u);
  EXPECT_EQ(last.tokens_done, summary.tokens);
}

TEST_F(EmbeddingJobTest, observers_see_the_rows_and_the_table_keeps_all_of_them) {
  struct Rows final : InferenceObserver {
    void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) override {
      EXPECT_EQ(batch->schema()->field_names().back(), "vector");
      EXPECT_EQ(info.model_id, tiny_bert()->model_id());
      num_rows += batch->num_rows();
    }
    int64_t num_rows = 0;
  };
  auto rows = std::make_shared<Rows>();
  inference::ObserverList observers;
  observers.add(rows);
  auto database = open(io::local_file_system());
  EmbeddingSummary summary =
      run_embedding_job(*database, *tiny_task(), tiny_bert()->identity(),
                        {.source = "notes", .columns = {"title"}, .key = "id"}, observers, {});
  EXPECT_EQ(rows->num_rows, 300);
  EXPECT_EQ(summary.table.row_count, 300);
}

TEST_F(EmbeddingJobTest, a_device_that_fills_up_at_any_write_leaves_no_ready_table_and_no_file) {
  open(io::local_file_system());
  size_t num_failures = 0;
  for (size_t call = 1;; ++call) {
    bool failed = false;
    try {
      auto files =
          std::make_shared<io::FaultInjectingFileSystem>(io::local_file_system(), io::device_full_from(call));
      auto database = open(files);
      run_embedding_job(*database, *tiny_task(), tiny_bert()->identity(),
                        {.source = "notes", .columns = {"title"}, .key = "id"}, {}, {});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted) << error.what();
      failed = true;
    }
    EXPECT_EQ(num_ready_tables(), failed ? 0u : 1u) << "call " << call;
    if (!failed) break;
    ++num_failures;
  }
  EXPECT_GE(num_failures, 5u);
}

}  // namespace
}  // namespace jammi::embedding
