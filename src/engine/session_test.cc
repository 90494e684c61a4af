#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jammi/error.h>
#include <jammi/session.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "io/http_testing.h"

namespace jammi {
namespace {

constexpr char kModel[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert";

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    write("notes.csv",
          "id,title,year\n"
          "1,quantum computing with trapped ions,2021\n"
          "2,a bread recipe with rye flour,2019\n"
          "3,,2020\n"
          "4,error correction for quantum computers,2023\n"
          "5,growing tomatoes on a balcony,2018\n");
    config_ = default_config();
    config_.artifact_dir = directory_.path() / "artifacts";
    config_.engine.execution_threads = 2;
    config_.inference.precision = Config::Precision::F32;
    session_ = Session::open(config_);
    session_->database().add_source("notes", SourceType::File, connection("notes.csv"));
  }

  void write(const std::string& name, const std::string& content) {
    std::ofstream(directory_.path() / name) << content;
  }

  SourceConnection connection(const std::string& name) {
    return {.url = directory_.file(name), .format = FileFormat::Csv, .options = {}};
  }

  EmbeddingSummary embed() { return session_->generate_text_embeddings("notes", kModel, {"title"}, "id"); }

  std::shared_ptr<arrow::Table> search(const std::string& text, size_t k) {
    return session_->search("notes", session_->encode_text_query(kModel, text), k).run();
  }

  std::filesystem::path copy_of_model() const {
    const std::filesystem::path files = std::string_view(kModel).substr(std::string_view("local:").size());
    std::filesystem::copy(files, directory_.path() / "model");
    return directory_.path() / "model";
  }

  /// Writes zeros over the second half of a model's weights.
  static void change_weights(const std::filesystem::path& model) {
    const std::filesystem::path weights = model / "model.safetensors";
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(weights));
    std::fstream stream(weights, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(size / 2);
    stream << std::string(static_cast<size_t>(size - size / 2), '\0');
  }

  static std::vector<std::string> strings(const arrow::Table& table, const std::string& column) {
    std::vector<std::string> values;
    for (const auto& chunk : table.GetColumnByName(column)->chunks()) {
      const auto& cells = static_cast<const arrow::StringArray&>(*chunk);
      for (int64_t i = 0; i < cells.length(); ++i)
        values.push_back(cells.IsNull(i) ? "null" : cells.GetString(i));
    }
    return values;
  }

  testing::TemporaryDirectory directory_;
  Config config_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, embedding_stores_every_row_with_text_and_counts_the_others) {
  EmbeddingSummary summary = embed();
  EXPECT_EQ(summary.table.row_count, 4);
  EXPECT_EQ(summary.rows_failed, 1u);
  EXPECT_EQ(summary.duplicate_keys, 0u);
  EXPECT_EQ(summary.table.dimensions, 32);
  EXPECT_EQ(summary.table.status, ResultTableStatus::Ready);
  EXPECT_GT(summary.tokens, 0u);

  auto reader = session_->database().sql("SELECT _row_id, _source_id, len(vector) AS width FROM \"jammi." +
                                         summary.table.table_name + "\" ORDER BY _row_id");
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  ASSERT_EQ(batch->num_rows(), 4);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*batch->column(0)).GetString(2), "4");
}

TEST_F(SessionTest, a_search_finds_the_text_it_was_asked_for_with_the_sources_columns) {
  embed();
  auto table = search("a bread recipe with rye flour", 3);
  EXPECT_EQ(table->schema()->field_names(),
            (std::vector<std::string>{"_row_id", "_source_id", "id", "title", "year", "retrieved_by",
                                      "annotated_by", "similarity"}));
  ASSERT_EQ(table->num_rows(), 3);
  EXPECT_EQ(strings(*table, "title")[0], "a bread recipe with rye flour");
  const auto& similarity =
      static_cast<const arrow::FloatArray&>(*table->GetColumnByName("similarity")->chunk(0));
  EXPECT_NEAR(similarity.Value(0), 1.0f, 1e-5f);
  EXPECT_GE(similarity.Value(0), similarity.Value(1));
  const auto& retrieved =
      static_cast<const arrow::ListArray&>(*table->GetColumnByName("retrieved_by")->chunk(0));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*retrieved.value_slice(0)).GetString(0), "vector");
  EXPECT_EQ(retrieved.list_type()->value_field()->name(), "item");
}

TEST_F(SessionTest, builder_steps_apply_in_the_order_called) {
  embed();
  auto query = session_->encode_text_query(kModel, "quantum computers");
  auto table = session_->search("notes", query, 4)
                   .filter("year >= 2019")
                   .sort("year", /*descending=*/true)
                   .limit(2)
                   .select({"title", "similarity", "year"})
                   .run();
  EXPECT_EQ(table->schema()->field_names(),
            (std::vector<std::string>{"title", "year", "retrieved_by", "annotated_by", "similarity"}));
  EXPECT_EQ(strings(*table, "title"), (std::vector<std::string>{"error correction for quantum computers",
                                                                "quantum computing with trapped ions"}));
}

TEST_F(SessionTest, limit_before_filter_differs_from_filter_before_limit) {
  embed();
  auto query = session_->encode_text_query(kModel, "a bread recipe with rye flour");
  EXPECT_EQ(session_->search("notes", query, 4).limit(1).filter("year > 2019").run()->num_rows(), 0);
  EXPECT_EQ(session_->search("notes", query, 4).filter("year > 2019").limit(1).run()->num_rows(), 1);
}

TEST_F(SessionTest, steps_name_what_they_do_not_know_and_leave_the_builder_usable) {
  embed();
  SearchBuilder builder = session_->search("notes", session_->encode_text_query(kModel, "bread"), 2);
  EXPECT_ERROR(ErrorCode::NotFound, "Select column 'body'", builder.select({"body"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Sort column 'body'", builder.sort("body"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Filter parse: ", builder.filter("body = 1"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Filter parse: ", builder.filter("true) UNION SELECT 1 --"));
  EXPECT_EQ(builder.run()->num_rows(), 2);
  EXPECT_ERROR(ErrorCode::InvalidArgument, "SearchBuilder already consumed by run()", builder.run());
}

TEST_F(SessionTest, k_of_zero_is_empty_and_a_large_k_returns_everything) {
  embed();
  auto none = search("bread", 0);
  EXPECT_EQ(none->num_rows(), 0);
  EXPECT_NE(none->GetColumnByName("title"), nullptr);
  EXPECT_EQ(search("bread", 1000)->num_rows(), 4);
}

TEST_F(SessionTest, bad_query_vectors_are_refused) {
  embed();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "expected 32, got 3", session_->search("notes", {1, 2, 3}, 5));
  std::vector<float> nan(32, std::numeric_limits<float>::quiet_NaN());
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not finite", session_->search("notes", nan, 5));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Empty or null text input",
               session_->encode_text_query(kModel, ""));
}

TEST_F(SessionTest, searching_without_a_table_says_so) {
  EXPECT_ERROR(ErrorCode::NotFound, "Catalog error: No ready embedding table for source 'notes'",
               session_->search("notes", std::vector<float>(32), 5));
  EXPECT_ERROR(ErrorCode::NotFound, "Result table 'nope' not found",
               session_->search("notes", std::vector<float>(32), 5, {.table = "nope"}));
}

TEST_F(SessionTest, the_latest_table_is_searched_unless_one_is_named) {
  EmbeddingSummary titles = embed();
  session_->generate_text_embeddings("notes", kModel, {"year"}, "id");
  auto query = session_->encode_text_query(kModel, "2018");
  EXPECT_EQ(strings(*session_->search("notes", query, 1).run(), "_row_id"), std::vector<std::string>{"5"});
  query = session_->encode_text_query(kModel, "a bread recipe with rye flour");
  EXPECT_EQ(
      strings(*session_->search("notes", query, 1, {.table = titles.table.table_name}).run(), "_row_id"),
      std::vector<std::string>{"2"});
}

TEST_F(SessionTest, deleting_the_sidecars_changes_nothing_but_speed) {
  EmbeddingSummary summary = embed();
  auto before = search("quantum", 4);
  for (const auto& entry : std::filesystem::directory_iterator(config_.artifact_dir / "jammi_db")) {
    if (entry.path().extension() != ".parquet") std::filesystem::remove(entry.path());
  }
  session_.reset();
  session_ = Session::open(config_);
  EXPECT_TRUE(before->Equals(*search("quantum", 4)));
}

TEST_F(SessionTest, unknown_columns_and_sources_are_named_before_anything_is_written) {
  EXPECT_ERROR(ErrorCode::NotFound, "Column not found: body",
               session_->generate_text_embeddings("notes", kModel, {"body"}, "id"));
  EXPECT_ERROR(ErrorCode::NotFound, "Column not found: key",
               session_->generate_text_embeddings("notes", kModel, {"title"}, "key"));
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found",
               session_->generate_text_embeddings("nothing", kModel, {"title"}, "id"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "No content columns provided",
               session_->generate_text_embeddings("notes", kModel, {}, "id"));
  EXPECT_TRUE(session_->database().catalog().result_tables().list().empty());
}

TEST_F(SessionTest, duplicate_keys_are_embedded_and_counted) {
  write("twice.csv", "id,title\n1,first text\n1,second text\n2,third text\n");
  session_->database().add_source("twice", SourceType::File, connection("twice.csv"));
  EmbeddingSummary summary = session_->generate_text_embeddings("twice", kModel, {"title"}, "id");
  EXPECT_EQ(summary.table.row_count, 3);
  EXPECT_EQ(summary.duplicate_keys, 1u);
}

TEST_F(SessionTest, a_stop_request_leaves_the_table_failed_and_no_files) {
  std::string rows = "id,title\n";
  for (int i = 0; i < 20000; ++i)
    rows += std::to_string(i) + ",some words about number " + std::to_string(i) + "\n";
  write("many.csv", rows);
  session_->database().add_source("many", SourceType::File, connection("many.csv"));
  std::stop_source stop;
  EmbeddingOptions options{.progress = [&](const Progress&) { stop.request_stop(); },
                           .stop = stop.get_token()};
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled",
               session_->generate_text_embeddings("many", kModel, {"title"}, "id", options));
  auto tables = session_->database().catalog().result_tables().list();
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].status, ResultTableStatus::Failed);
  EXPECT_FALSE(std::filesystem::exists(tables[0].parquet_path));
}

TEST_F(SessionTest, infer_streams_what_the_model_says_and_stores_nothing) {
  struct CountRows final : InferenceObserver {
    void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo&) override {
      num_rows += batch->num_rows();
    }
    int64_t num_rows = 0;
  };
  auto observer = std::make_shared<CountRows>();
  session_->add_observer(observer);
  auto reader = session_->infer("notes", kModel, {"title"}, ModelTask::TextEmbedding, "id");
  auto table = reader->ToTable();
  throw_if_error(table.status());
  EXPECT_EQ(strings(**table, "_row_id"), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(strings(**table, "_status"), (std::vector<std::string>{"ok", "ok", "error", "ok", "ok"}));
  EXPECT_EQ(observer->num_rows, 5);
  EXPECT_TRUE(session_->database().catalog().result_tables().list().empty());
}

TEST_F(SessionTest, a_model_that_has_embedded_can_still_classify) {
  constexpr char kClassifier[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_classifier";
  EXPECT_EQ(session_->encode_text_query(kClassifier, "rice").size(), 32u);
  auto table = session_->infer("notes", kClassifier, {"title"}, ModelTask::Classification, "id")->ToTable();
  throw_if_error(table.status());
  EXPECT_EQ((*table)->schema()->field_names(),
            (std::vector<std::string>{"_row_id", "_source", "_model", "_status", "_error", "_latency_ms",
                                      "label", "confidence", "all_scores_json"}));
  EXPECT_EQ(strings(**table, "_status"), (std::vector<std::string>{"ok", "ok", "error", "ok", "ok"}));
  EXPECT_EQ(strings(**table, "label")[2], "null");
  EXPECT_EQ(session_->encode_text_query(kClassifier, "fish").size(), 32u);
  const auto models = session_->database().catalog().models().list();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].task, ModelTask::Classification) << "what it was loaded for last";
}

TEST_F(SessionTest, infer_says_what_a_model_cannot_do) {
  EXPECT_ERROR(ErrorCode::Unsupported, "the model has no vision tower",
               session_->infer("notes", kModel, {"title"}, ModelTask::ImageEmbedding, "id"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "No id2label mapping for classification model",
               session_->infer("notes", kModel, {"title"}, ModelTask::Classification, "id"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "No id2label mapping for NER model",
               session_->infer("notes", kModel, {"title"}, ModelTask::Ner, "id"));
}

TEST_F(SessionTest, a_model_is_registered_with_its_dimensions) {
  session_->preload_model(kModel);
  auto models = session_->database().catalog().models().list();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].dimensions, 32);
  EXPECT_EQ(models[0].type, "local");
  EXPECT_EQ(session_->encode_text_query(models[0].name, "bread").size(), 32u)
      << "its canonical id finds it again";
}

TEST_F(SessionTest, a_query_text_is_encoded_once_and_the_cache_can_be_switched_off) {
  const std::vector<float> vector = session_->encode_text_query(kModel, "bread");
  EXPECT_EQ(session_->encode_text_query(kModel, "bread"), vector);
  EXPECT_EQ(session_->cache_statistics().embedding_cache.hits, 1u);
  EXPECT_EQ(session_->cache_statistics().embedding_cache.capacity, 1u << 30);

  config_.cache.embedding_cache_enabled = false;
  auto uncached = Session::open(config_);
  EXPECT_EQ(uncached->encode_text_query(kModel, "bread"), vector);
  EXPECT_EQ(uncached->encode_text_query(kModel, "bread"), vector);
  EXPECT_EQ(uncached->cache_statistics().embedding_cache.hits, 0u);
  EXPECT_EQ(uncached->cache_statistics().embedding_cache.entries, 0u);
}

TEST_F(SessionTest, a_repeated_search_is_answered_from_memory_unless_the_cache_is_off) {
  embed();
  const auto first = search("quantum", 3);
  EXPECT_TRUE(search("quantum", 3)->Equals(*first));
  const CacheStatistics statistics = session_->cache_statistics().ann_cache;
  EXPECT_EQ(statistics.hits, 1u);
  EXPECT_EQ(statistics.misses, 1u);
  EXPECT_EQ(statistics.capacity, 10'000u);

  auto search_twice_uncached = [&] {
    session_ = Session::open(config_);
    EXPECT_TRUE(search("quantum", 3)->Equals(*first));
    EXPECT_TRUE(search("quantum", 3)->Equals(*first));
    return session_->cache_statistics().ann_cache;
  };
  config_.cache.ann_cache_enabled = false;
  EXPECT_EQ(search_twice_uncached().hits, 0u);
  config_.cache.ann_cache_enabled = true;
  config_.cache.ann_cache_max_entries = 0;
  EXPECT_EQ(search_twice_uncached().hits, 0u);
}

TEST_F(SessionTest, the_cache_of_searches_keeps_to_its_bound) {
  config_.cache.ann_cache_max_entries = 2;
  session_ = Session::open(config_);
  embed();
  for (size_t k = 1; k <= 4; ++k) search("quantum", k);
  EXPECT_EQ(session_->cache_statistics().ann_cache.entries, 2u);
  search("quantum", 4);
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, 1u);
}

TEST_F(SessionTest, what_another_session_embeds_is_searched_at_once) {
  embed();
  const std::vector<float> query = session_->encode_text_query(kModel, "2018");
  session_->search("notes", query, 1).run();
  Session::open(config_)->generate_text_embeddings("notes", kModel, {"year"}, "id");
  EXPECT_EQ(strings(*session_->search("notes", query, 1).run(), "_row_id"), std::vector<std::string>{"5"});
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, 0u);
}

TEST_F(SessionTest, a_source_that_was_removed_and_embedded_again_is_searched_again) {
  embed();
  const std::vector<float> query = session_->encode_text_query(kModel, "growing tomatoes on a balcony");
  EXPECT_EQ(strings(*session_->search("notes", query, 1).run(), "_row_id"), std::vector<std::string>{"5"});
  session_->database().remove_source("notes");
  write("notes.csv", "id,title,year\n7,growing tomatoes on a balcony,2018\n8,rye,2020\n");
  session_->database().add_source("notes", SourceType::File, connection("notes.csv"));
  embed();
  EXPECT_EQ(strings(*session_->search("notes", query, 1).run(), "_row_id"), std::vector<std::string>{"7"});
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, 0u);
}

TEST_F(SessionTest, a_source_embedded_by_another_model_is_searched_again) {
  embed();
  const std::vector<float> query = session_->encode_text_query(kModel, "bread");
  const auto before = session_->search("notes", query, 4).run();
  const std::filesystem::path other = copy_of_model();
  change_weights(other);
  session_->generate_text_embeddings("notes", "local:" + other.string(), {"title"}, "id");
  const auto after = session_->search("notes", query, 4).run();
  EXPECT_FALSE(after->GetColumnByName("similarity")->Equals(before->GetColumnByName("similarity")));
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, 0u);
}

TEST_F(SessionTest, a_filter_that_calls_a_model_is_asked_anew) {
  embed();
  const std::vector<float> query = session_->encode_text_query(kModel, "bread");
  const std::string filter = "len(embed('" + std::string(kModel) + "', title)) = 32";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(session_->search("notes", query, 9, {.filter = filter}).run()->num_rows(), 4);
  }
  EXPECT_EQ(session_->cache_statistics().ann_cache.entries, 0u);
}

TEST_F(SessionTest, a_model_replaced_under_its_path_answers_for_itself) {
  const std::filesystem::path own = copy_of_model();
  const std::string model = "local:" + own.string();
  config_.inference.max_loaded_models = 1;
  session_ = Session::open(config_);
  const std::vector<float> before = session_->encode_text_query(model, "bread");
  change_weights(own);
  session_->preload_model(kModel);  // takes the only place for a loaded model
  const std::vector<float> after = session_->encode_text_query(model, "bread");
  EXPECT_NE(after, before);
  EXPECT_EQ(after, Session::open(config_)->encode_text_query(model, "bread"));
}

TEST_F(SessionTest, models_in_memory_are_listed_with_what_they_take) {
  EXPECT_TRUE(session_->loaded_models().empty());
  constexpr char kClassifier[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_classifier";
  session_->preload_model(kClassifier, ModelTask::Classification);
  session_->preload_model(kModel);
  auto reader = session_->infer("notes", kClassifier, {"title"}, ModelTask::Classification, "id");
  const std::vector<LoadedModel> models = session_->loaded_models();
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].task, ModelTask::Classification) << "used last";
  EXPECT_EQ(models[0].num_users, 1u);
  EXPECT_EQ("local:" + models[1].model_id, kModel);
  EXPECT_EQ(models[1].num_users, 0u);
  EXPECT_GT(models[1].memory_bytes, 0u);
}

TEST_F(SessionTest, an_evicted_model_is_found_and_loaded_anew) {
  const std::filesystem::path own = copy_of_model();
  const std::string model = "local:" + own.string();
  const std::vector<float> before = session_->encode_text_query(model, "bread");
  auto reader = session_->infer("notes", model, {"title"}, ModelTask::TextEmbedding, "id");
  EXPECT_ERROR(ErrorCode::Conflict, "the model is in use", session_->evict_model(model));
  reader.reset();

  change_weights(own);
  EXPECT_EQ(session_->encode_text_query(model, "bread"), before) << "it is still in memory";
  session_->evict_model(model);
  EXPECT_TRUE(session_->loaded_models().empty());
  EXPECT_NE(session_->encode_text_query(model, "bread"), before);
}

TEST_F(SessionTest, evicting_forgets_where_the_files_were_but_not_the_model) {
  const std::filesystem::path own = copy_of_model();
  session_->preload_model("local:" + own.string());
  EXPECT_THAT(session_->database().catalog().models().list()[0].metadata_json,
              ::testing::HasSubstr(own.string()));

  session_ = Session::open(config_);
  session_->evict_model("local:" + own.string());
  const auto record = session_->database().catalog().models().latest(own.string());
  ASSERT_TRUE(record);
  EXPECT_EQ(record->metadata_json, "{}");
  EXPECT_EQ(record->dimensions, 32);

  ModelRecord tuned = *record;
  tuned.name = "jammi:fine-tuned:1";
  tuned.type = "fine-tuned";
  tuned.metadata_json = R"({"artifact_path":"/adapters/1"})";
  session_->database().catalog().models().upsert(tuned);
  session_->evict_model(tuned.name);
  EXPECT_EQ(session_->database().catalog().models().latest(tuned.name)->metadata_json, tuned.metadata_json)
      << "nothing else knows where its adapter is";
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: never/used: no such model",
               session_->evict_model("never/used"));
}

/// Answers with (letters a, letters o, 1) for each text.
io::testing::ServedReply serve_letters(const io::testing::ServedRequest& request) {
  auto data = nlohmann::json::array();
  for (const std::string text : nlohmann::json::parse(request.body)["input"]) {
    data.push_back({{"embedding", {std::ranges::count(text, 'a'), std::ranges::count(text, 'o'), 1}}});
  }
  return {.body = nlohmann::json{{"data", data}, {"usage", {{"total_tokens", 4}}}}.dump()};
}

TEST_F(SessionTest, a_model_on_a_server_embeds_infers_and_searches_like_any_other) {
  io::testing::HttpServer server(serve_letters);
  const std::string model = server.url() + "#letters";
  config_.inference.http.headers = {{"X-Api-Key", "sesame"}};
  config_.inference.batch_size = 2;
  session_ = Session::open(config_);

  const EmbeddingSummary summary = session_->generate_text_embeddings("notes", model, {"title"}, "id");
  EXPECT_EQ(summary.table.row_count, 4);
  EXPECT_EQ(summary.table.dimensions, 3);
  EXPECT_EQ(summary.table.model_id, model);
  EXPECT_EQ(summary.rows_failed, 1u);
  EXPECT_EQ(summary.tokens, 4u * 3);
  EXPECT_EQ(summary.precision, "remote");
  auto found = session_->search("notes", session_->encode_text_query(model, "oooooooooooooo"), 1).run();
  EXPECT_EQ(strings(*found, "title"), std::vector<std::string>{"error correction for quantum computers"});
  EXPECT_EQ(strings(**session_->infer("notes", model, {"title"}, ModelTask::TextEmbedding, "id")->ToTable(),
                    "_status"),
            (std::vector<std::string>{"ok", "ok", "error", "ok", "ok"}));
  auto reader = session_->database().sql("SELECT _row_id FROM vector_search('notes', 'bread flour', 1)");
  EXPECT_EQ(strings(**reader->ToTable(), "_row_id").size(), 1u);

  for (const auto& request : server.requests()) EXPECT_EQ(request.headers.at("x-api-key"), "sesame");
  const auto models = session_->database().catalog().models().list();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].name, model);
  EXPECT_EQ(models[0].type, "http");
  EXPECT_EQ(models[0].backend, "http");
  EXPECT_EQ(models[0].dimensions, 3);
}

TEST_F(SessionTest, a_model_on_a_server_is_asked_once_for_a_query_and_does_nothing_but_embed) {
  io::testing::HttpServer server(serve_letters);
  const auto vector = session_->encode_text_query(server.url(), "bread");
  EXPECT_EQ(session_->encode_text_query(server.url(), "bread"), vector);
  EXPECT_EQ(server.requests().size(), 2u) << "the first learns the width";
  EXPECT_ERROR(ErrorCode::Unsupported, "Backend error: HTTP backend only supports embedding task, got ner",
               session_->infer("notes", server.url(), {"title"}, ModelTask::Ner, "id"));
}

TEST_F(SessionTest, the_http_backend_refuses_models_that_are_no_address) {
  config_.inference.default_backend = Config::Backend::Http;
  EXPECT_ERROR(ErrorCode::Unsupported, "Backend Http not supported for local resolution",
               Session::open(config_)->preload_model(kModel));
  io::testing::HttpServer server(serve_letters);
  Session::open(config_)->preload_model(server.url());
}

TEST_F(SessionTest, a_missing_model_is_a_clear_error) {
  EXPECT_ERROR(ErrorCode::NotFound, "Model directory does not exist",
               session_->encode_text_query("local:/no/such/model", "text"));
}

/// A source of image files by their paths: three good ones, one that is no image, and no file at all.
class ImageSessionTest : public SessionTest {
 protected:
  ImageSessionTest() {
    const std::string images = JAMMI_SOURCE_DIR "/tests/fixtures/images/";
    write("text.png", "no image");
    write("figures.csv", "id,file\ncolour," + images + "colour.png\ngrey," + images + "grey.jpg\nbroken," +
                             directory_.file("text.png") + "\ninks," + images +
                             "inks.tif\nabsent,/no/such.png\nnone,\n");
    session_->database().add_source("figures", SourceType::File, connection("figures.csv"));
  }

  EmbeddingSummary embed_images(const EmbeddingOptions& options = {}) {
    return session_->generate_image_embeddings("figures", kClip, "file", "id", options);
  }

  static constexpr char kClip[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_clip";
  const std::filesystem::path kGrey = JAMMI_SOURCE_DIR "/tests/fixtures/images/grey.jpg";
};

TEST_F(ImageSessionTest, embedding_stores_every_row_with_an_image_and_counts_the_others) {
  Progress last;
  const EmbeddingSummary summary =
      embed_images({.progress = [&](const Progress& progress) { last = progress; }, .stop = {}});
  EXPECT_EQ(summary.table.row_count, 3);
  EXPECT_EQ(summary.rows_failed, 3u);
  EXPECT_EQ(summary.table.task, ModelTask::ImageEmbedding);
  EXPECT_EQ(summary.table.dimensions, 8);
  EXPECT_EQ(summary.table.text_columns, std::vector<std::string>{"file"});
  EXPECT_EQ(summary.table.status, ResultTableStatus::Ready);
  EXPECT_EQ(summary.precision, "f32");
  EXPECT_EQ(last.rows_done, 6u);
  EXPECT_EQ(last.rows_failed, 3u);
}

TEST_F(ImageSessionTest, an_image_finds_its_own_row_and_a_text_can_be_looked_for) {
  embed_images();
  auto found = session_->search("figures", session_->encode_image_query(kClip, kGrey), 2).run();
  EXPECT_EQ(strings(*found, "id")[0], "grey");
  EXPECT_EQ(
      session_->search("figures", session_->encode_text_query(kClip, "a red circle"), 5).run()->num_rows(),
      3);
}

TEST_F(ImageSessionTest, an_image_is_encoded_from_bytes_as_from_its_path) {
  std::ifstream file(kGrey, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(session_->encode_image_query(kClip, std::as_bytes(std::span(bytes))),
            session_->encode_image_query(kClip, kGrey));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Inference error: image is empty",
               session_->encode_image_query(kClip, std::span<const std::byte>()));
  EXPECT_ERROR(ErrorCode::NotFound, "IO error: cannot open file: /no/such.png",
               session_->encode_image_query(kClip, std::filesystem::path("/no/such.png")));
}

TEST_F(ImageSessionTest, infer_says_why_a_row_has_no_vector) {
  auto reader = session_->infer("figures", kClip, {"file"}, ModelTask::ImageEmbedding, "id");
  const auto rows = arrow::Table::FromRecordBatchReader(reader.get()).ValueOrDie();
  EXPECT_EQ(strings(*rows, "_row_id"),
            (std::vector<std::string>{"colour", "grey", "broken", "inks", "absent", "none"}));
  EXPECT_EQ(strings(*rows, "_status"),
            (std::vector<std::string>{"ok", "ok", "error", "ok", "error", "error"}));
  const std::vector<std::string> errors = strings(*rows, "_error");
  EXPECT_EQ(errors[0], "null");
  EXPECT_EQ(errors[2], "Failed to decode image at row 2: not a PNG, JPEG, TIFF or WebP image: 8 bytes");
  EXPECT_TRUE(errors[4].starts_with("Failed to load image '/no/such.png': cannot open file")) << errors[4];
  EXPECT_EQ(errors[5], "Null or missing image input");
  EXPECT_EQ(rows->GetColumnByName("vector")->null_count(), 3);
}

TEST_F(ImageSessionTest, a_search_is_annotated_with_the_vectors_of_its_images) {
  embed_images();
  SearchBuilder builder = session_->search("figures", session_->encode_image_query(kClip, kGrey), 3);
  builder.annotate(kClip, ModelTask::ImageEmbedding, {"file"});
  EXPECT_EQ(builder.run()->GetColumnByName("vector")->null_count(), 0);
}

TEST_F(ImageSessionTest, what_cannot_be_embedded_is_refused_and_leaves_no_table) {
  EXPECT_ERROR(
      ErrorCode::InvalidArgument,
      "Inference error: Unsupported column type for image input: int64. Expected Utf8 (file paths) or "
      "Binary (image bytes)",
      session_->generate_image_embeddings("notes", kClip, "year", "id"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Images are read from one column, not from 2",
               session_->infer("notes", kClip, {"title", "id"}, ModelTask::ImageEmbedding, "id"));
  EXPECT_ERROR(ErrorCode::Unsupported, "the model has no vision tower",
               session_->generate_image_embeddings("figures", kModel, "file", "id"));
  EXPECT_TRUE(session_->database().catalog().result_tables().list().empty());
}

TEST_F(ImageSessionTest, a_stop_request_leaves_no_ready_table) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "", embed_images({.progress = {}, .stop = stop.get_token()}));
  for (const ResultTableRecord& table : session_->database().catalog().result_tables().list()) {
    EXPECT_EQ(table.status, ResultTableStatus::Failed);
  }
}

TEST_F(SessionTest, a_tenants_session_shares_the_engine_and_may_outlive_the_first) {
  const TenantId tenant = TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
  const auto bound = session_->with_tenant(tenant);
  EXPECT_EQ(bound->tenant(), tenant);
  EXPECT_EQ(session_->tenant(), std::nullopt);
  const EmbeddingSummary summary = bound->generate_text_embeddings("notes", kModel, {"title"}, "id");
  EXPECT_EQ(summary.table.tenant_id, tenant.text());
  EXPECT_EQ(bound->loaded_models().size(), 1u);
  EXPECT_TRUE(session_->loaded_models().empty());
  EXPECT_ERROR(ErrorCode::NotFound, "No ready embedding table", search("quantum", 1));

  session_.reset();
  const auto query = bound->encode_text_query(kModel, "quantum");
  EXPECT_EQ(bound->search("notes", query, 3).run()->num_rows(), 3);
  EXPECT_EQ(bound->database().sql_table("SELECT * FROM vector_search('notes', 'quantum', 3)")->num_rows(), 3);
}

TEST_F(SessionTest, models_of_another_tenant_are_like_unknown_ones) {
  session_.reset();
  ::setenv("HF_HUB_OFFLINE", "1", 1);
  session_ = Session::open(config_);
  ::unsetenv("HF_HUB_OFFLINE");
  const auto alice = session_->with_tenant(TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"));
  const auto bob = session_->with_tenant(TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b"));
  const auto add = [&, files = copy_of_model()](const std::string& id, Session& owner) {
    ModelRecord model;
    model.name = id;
    model.type = "huggingface";
    model.backend = "candle";
    model.status = "registered";
    model.metadata_json = nlohmann::json{{"artifact_path", files.string()}}.dump();
    session_->database().catalog().models().upsert(model, owner.database().scope());
  };
  const auto error_of = [](const std::string& id, const auto& call) {
    try {
      call(id);
    } catch (const Error& error) {
      const std::string text = error.what();
      return text.substr(0, text.find(id)) + "ID" + text.substr(text.find(id) + id.size());
    }
    return std::string("none");
  };
  add("org/alices", *alice);
  const auto use = [&](const std::string& id) { bob->encode_text_query(id, "quantum"); };
  const auto evict = [&](const std::string& id) { bob->evict_model(id); };
  EXPECT_NE(error_of("org/alices", use), "none");
  EXPECT_EQ(error_of("org/alices", use), error_of("org/nobody", use));
  EXPECT_EQ(error_of("org/alices", evict), error_of("org/nobody", evict));
  EXPECT_TRUE(bob->loaded_models().empty());
  EXPECT_EQ(bob->database().sql_table("SELECT * FROM models")->num_rows(), 0);
  EXPECT_EQ(alice->database().sql_table("SELECT * FROM models")->num_rows(), 1);

  add("org/shared", *session_);
  EXPECT_EQ(error_of("org/shared", use), "none");
}

TEST_F(SessionTest, what_is_remembered_is_remembered_for_each_tenant_apart) {
  const auto bound = session_->with_tenant(TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"));
  embed();
  const auto query = session_->encode_text_query(kModel, "quantum");
  session_->search("notes", query, 2).run();
  const QueryCacheStatistics before = session_->cache_statistics();
  bound->encode_text_query(kModel, "quantum");
  bound->search("notes", query, 2).run();
  EXPECT_EQ(session_->cache_statistics().embedding_cache.hits, before.embedding_cache.hits);
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, before.ann_cache.hits);
  bound->search("notes", query, 2).run();
  EXPECT_EQ(session_->cache_statistics().ann_cache.hits, before.ann_cache.hits + 1);
}

}  // namespace
}  // namespace jammi
