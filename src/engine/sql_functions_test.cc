#include <cmath>
#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/error.h>
#include <jammi/session.h>

#include "base/testing.h"
#include "sql/testing.h"

namespace jammi {
namespace {

using sql::testing::column_names;
using sql::testing::read_rows;
using sql::testing::Row;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kModel[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert";

class SqlFunctionsTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  SqlFunctionsTest() {
    write("notes.csv",
          "id,title,year,author\n"
          "1,quantum computing with trapped ions,2021,7\n"
          "2,a bread recipe with rye flour,2019,8\n"
          "3,,2020,7\n"
          "4,error correction for quantum computers,2023,9\n"
          "5,growing tomatoes on a balcony,2018,8\n");
    write("authors.csv", "id,name\n7,Ada\n8,Bo\n9,Cy\n");
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    config.engine.execution_threads = GetParam();
    config.inference.precision = Config::Precision::F32;
    config.inference.batch_size = 2;
    session_ = Session::open(config);
    add("notes");
    add("authors");
  }

  void write(const std::string& name, const std::string& content) {
    std::ofstream(directory_.path() / name) << content;
  }

  void add(const std::string& name) {
    session_->database().add_source(
        name, SourceType::File,
        {.url = directory_.file(name + ".csv"), .format = FileFormat::Csv, .options = {}});
  }

  void embed_notes() { session_->generate_text_embeddings("notes", kModel, {"title"}, "id"); }

  /// Runs a statement in which MODEL stands for the model.
  std::vector<Row> run(std::string statement) { return read_rows(*query(std::move(statement))); }

  std::shared_ptr<arrow::RecordBatchReader> query(std::string statement, std::stop_token stop = {}) {
    for (size_t at; (at = statement.find("MODEL")) != std::string::npos;) {
      statement.replace(at, 5, std::string("'") + kModel + "'");
    }
    return session_->database().sql(statement, std::move(stop));
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Session> session_;
};

INSTANTIATE_TEST_SUITE_P(Threads, SqlFunctionsTest, ::testing::Values(1, 2));

TEST_P(SqlFunctionsTest, annotate_gives_what_infer_gives) {
  auto reader = query(
      "SELECT * EXCLUDE (_latency_ms) FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', "
      "'title', 'year')");
  EXPECT_THAT(column_names(*reader),
              ElementsAre("_row_id", "_source", "_model", "_status", "_error", "vector"));
  const std::vector<Row> rows = read_rows(*reader);
  std::vector<Row> expected;
  auto inferred = session_->infer("notes", kModel, {"title", "year"}, ModelTask::TextEmbedding, "id");
  for (Row& row : read_rows(*inferred)) {
    row.erase(row.begin() + 5);  // the latency
    expected.push_back(std::move(row));
  }
  EXPECT_EQ(rows, expected);
}

TEST_P(SqlFunctionsTest, annotate_shows_failed_rows_and_takes_filters_above_it) {
  EXPECT_THAT(run("SELECT _row_id, _status, _error FROM annotate(MODEL, 'embedding', "
                  "'\"notes\".public.notes', 'id', 'title') "
                  "WHERE _status <> 'ok'"),
              ElementsAre(Row{"3", "error", "Empty or null text input"}));
  EXPECT_THAT(run("SELECT count(*), count(vector) FROM annotate(MODEL, 'text_embedding', "
                  "'notes.public.notes', 'id', 'title')"),
              ElementsAre(Row{"5", "4"}));
}

TEST_P(SqlFunctionsTest, annotate_classifies_and_finds_entities) {
  write("news.csv",
        "id,text\n1,Ada Lovelace is cooking rice with fish\n2,\n3,queries over tables on disk in London\n");
  add("news");
  const std::string fixtures = "'local:" JAMMI_SOURCE_DIR "/tests/fixtures/";
  EXPECT_THAT(run("SELECT _row_id, _status, label FROM annotate(" + fixtures +
                  "tiny_classifier', 'classification', 'news.public.news', 'id', 'text')"),
              ElementsAre(Row{"1", "ok", "food"}, Row{"2", "error", "NULL"}, Row{"3", "ok", "software"}));
  EXPECT_THAT(run("SELECT _row_id, entity ->> '$.label', entity ->> '$.text', entity ->> '$.start' FROM "
                  "(SELECT _row_id, unnest(entities::JSON[]) AS entity FROM annotate(" +
                  fixtures + "tiny_ner', 'ner', 'news.public.news', 'id', 'text'))"),
              ElementsAre(Row{"1", "PER", "Ada Lovelace", "0"}, Row{"3", "LOC", "London", "31"}));
}

TEST_P(SqlFunctionsTest, annotate_embeds_images_by_their_paths) {
  const std::string images = JAMMI_SOURCE_DIR "/tests/fixtures/images/";
  const std::string clip = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_clip";
  write("figures.csv", "id,file\ngrey," + images + "grey.jpg\nabsent,/no/such.png\ncolour," + images +
                           "colour.png\nnone,\n");
  add("figures");
  const std::vector<Row> rows = run("SELECT _row_id, _status, _error, vector FROM annotate('" + clip +
                                    "', 'image_embedding', 'figures.public.figures', 'id', 'file')");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[1],
              ElementsAre("absent", "error",
                          HasSubstr("Failed to load image '/no/such.png': cannot open file"), "NULL"));
  EXPECT_THAT(rows[3], ElementsAre("none", "error", "Null or missing image input", "NULL"));
  const std::vector<Row> inferred =
      read_rows(*session_->infer("figures", clip, {"file"}, ModelTask::ImageEmbedding, "id"));
  for (size_t i : {0, 2}) {
    EXPECT_EQ(rows[i][1], "ok");
    EXPECT_EQ(rows[i][3], inferred[i].back());
  }
}

TEST_P(SqlFunctionsTest, annotate_is_seen_by_observers) {
  struct CountRows final : InferenceObserver {
    void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo&) override {
      num_rows += batch->num_rows();
    }
    int64_t num_rows = 0;
  };
  auto rows = std::make_shared<CountRows>();
  session_->add_observer(rows);
  run("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', 'title')");
  EXPECT_EQ(rows->num_rows, 5);
}

TEST_P(SqlFunctionsTest, annotate_names_what_is_wrong_while_the_statement_is_planned) {
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "annotate: annotate(model, task, relation, key_column, content_column, ...) needs at least 5 "
               "arguments, got 4",
               query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id')"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "annotate: argument 5, a content column, must be a text",
               query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', 7)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "annotate: ",
               query("SELECT * FROM annotate(MODEL, 'poetry', 'notes.public.notes', 'id', 'title')"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "No id2label mapping for NER model",
               query("SELECT * FROM annotate(MODEL, 'ner', 'notes.public.notes', 'id', 'title')"));
  EXPECT_ERROR(ErrorCode::NotFound, "annotate: Source error: notes: Column not found: body",
               query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', 'body')"));
  EXPECT_ERROR(
      ErrorCode::NotFound, "annotate: Source error: notes: Table not found: drafts",
      query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.drafts', 'id', 'title')"));
  EXPECT_ERROR(ErrorCode::NotFound, "annotate: Model error: /no/model: Model directory does not exist",
               query("SELECT * FROM annotate('local:/no/model', 'text_embedding', 'notes.public.notes', "
                     "'id', 'title')"));
}

TEST_P(SqlFunctionsTest, hostile_arguments_are_names_and_nothing_else) {
  for (const char* relation :
       {"notes.public.notes; DROP TABLE x", "(SELECT 1)", "notes.public.notes WHERE 1=1", "/etc/passwd",
        "notes.public.\"notes", "read_csv(''/etc/passwd'')"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument,
                 "annotate: the relation must be written '<source>.public.<table>'",
                 query("SELECT * FROM annotate(MODEL, 'text_embedding', '" + std::string(relation) +
                       "', 'id', 'title')"));
  }
  for (const char* column :
       {"title\" FROM notes.public.notes; --", "title, year", "(SELECT 1)", "\"title\"", "*"}) {
    EXPECT_ERROR(ErrorCode::NotFound, "annotate: Source error: notes: Column not found: ",
                 query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', '" +
                       std::string(column) + "')"));
    EXPECT_ERROR(ErrorCode::NotFound, "annotate: Source error: notes: Column not found: ",
                 query("SELECT * FROM annotate(MODEL, 'text_embedding', 'notes.public.notes', '" +
                       std::string(column) + "', 'title')"));
  }
  for (const char* source : {"notes; SELECT 1", "notes\"", "/etc/passwd", "", "it''s"}) {
    EXPECT_ERROR(ErrorCode::NotFound, "vector_search: Catalog error: No ready embedding table for source",
                 query("SELECT * FROM vector_search('" + std::string(source) + "', 'bread', 3)"));
  }
}

TEST_P(SqlFunctionsTest, vector_search_by_text_uses_the_model_of_the_table) {
  embed_notes();
  auto reader = query("SELECT * FROM vector_search('notes', 'a bread recipe with rye flour', 2)");
  EXPECT_THAT(column_names(*reader), ElementsAre("_row_id", "_source_id", "id", "title", "year", "author",
                                                 "retrieved_by", "annotated_by", "similarity"));
  const std::vector<Row> rows = read_rows(*reader);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][3], "a bread recipe with rye flour");
  EXPECT_EQ(rows[0][6], "[vector]");
  auto found =
      session_->search("notes", session_->encode_text_query(kModel, "a bread recipe with rye flour"), 2)
          .run();
  arrow::TableBatchReader expected(*found);
  EXPECT_EQ(rows, read_rows(expected));
}

TEST_P(SqlFunctionsTest, vector_search_takes_a_vector_even_one_that_is_computed) {
  embed_notes();
  EXPECT_THAT(
      run("SELECT _row_id FROM vector_search('notes', embed(MODEL, 'growing tomatoes on a balcony'), 1)"),
      ElementsAre(Row{"5"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "vector_search: Inference error: Vector dimension mismatch: expected 32, got 2",
               query("SELECT * FROM vector_search('notes', [0.5, 1], 3)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "vector_search: argument 2, the query,",
               query("SELECT * FROM vector_search('notes', '', 3)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "vector_search: argument 2, the query,",
               query("SELECT * FROM vector_search('notes', NULL, 3)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "vector_search: argument 3, k, must be a whole number of 0 or more",
               query("SELECT * FROM vector_search('notes', 'x', -1)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "vector_search(source, query, k) needs 3 arguments, got 2",
               query("SELECT * FROM vector_search('notes', 'x')"));
}

TEST_P(SqlFunctionsTest, vector_search_needs_an_embedding) {
  EXPECT_ERROR(ErrorCode::NotFound, "No ready embedding table for source 'notes'",
               query("SELECT * FROM vector_search('notes', 'bread', 3)"));
}

TEST_P(SqlFunctionsTest, embed_gives_the_vector_that_encode_text_query_gives) {
  auto reader = query("SELECT embed(MODEL, title) AS v FROM notes.public.notes ORDER BY id");
  EXPECT_TRUE(reader->schema()->field(0)->type()->Equals(arrow::fixed_size_list(arrow::float32(), 32)));
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  const auto& vectors = static_cast<const arrow::FixedSizeListArray&>(*batch->column(0));
  ASSERT_EQ(vectors.length(), 5);
  EXPECT_TRUE(vectors.IsNull(2)) << "no title";
  const std::vector<float> expected = session_->encode_text_query(kModel, "growing tomatoes on a balcony");
  const auto values = std::static_pointer_cast<arrow::FloatArray>(vectors.value_slice(4));
  for (int64_t i = 0; i < 32; ++i) EXPECT_NEAR(values->Value(i), expected[static_cast<size_t>(i)], 1e-5);
}

TEST_P(SqlFunctionsTest, embed_finds_an_unknown_model_while_the_statement_is_planned) {
  EXPECT_ERROR(ErrorCode::NotFound, "embed: Model error: /no/model: Model directory does not exist",
               query("SELECT embed('local:/no/model', title) FROM notes.public.notes"));
}

TEST_P(SqlFunctionsTest, similarities_are_computed_in_sql) {
  EXPECT_THAT(run("SELECT id FROM notes.public.notes WHERE title IS NOT NULL "
                  "ORDER BY array_cosine_similarity(embed(MODEL, title), embed(MODEL, 'a bread recipe with "
                  "rye flour')) DESC LIMIT 1"),
              ElementsAre(Row{"2"}));
}

TEST_P(SqlFunctionsTest, one_statement_retrieves_joins_and_infers) {
  embed_notes();
  EXPECT_THAT(run("SELECT s.title, a.name, round(array_cosine_similarity(embed(MODEL, s.title), n.vector), "
                  "3) AS same "
                  "FROM vector_search('notes', 'a bread recipe with rye flour', 1) s "
                  "JOIN authors.public.authors a ON a.id = s.author "
                  "JOIN annotate(MODEL, 'text_embedding', 'notes.public.notes', 'id', 'title') n ON "
                  "n._row_id = s._row_id"),
              ElementsAre(Row{"a bread recipe with rye flour", "Bo", "1"}));
}

TEST_P(SqlFunctionsTest, the_steps_of_a_search_may_call_models) {
  embed_notes();
  const std::vector<float> query_vector = session_->encode_text_query(kModel, "bread");
  auto found = session_->search("notes", query_vector, 5)
                   .filter("array_cosine_similarity(embed('" + std::string(kModel) + "', title), embed('" +
                           kModel + "', 'a bread recipe with rye flour')) > 0.9999")
                   .run();
  EXPECT_EQ(found->num_rows(), 1);
}

TEST_P(SqlFunctionsTest, a_stop_request_ends_a_statement_that_infers) {
  std::string rows = "id,title\n";
  for (int i = 0; i < 50'000; ++i)
    rows += std::to_string(i) + ",some words about number " + std::to_string(i) + "\n";
  write("many.csv", rows);
  add("many");
  for (const char* statement :
       {"SELECT _row_id, vector FROM annotate(MODEL, 'text_embedding', 'many.public.many', 'id', 'title')",
        "SELECT sum(embed(MODEL, title)[1]) FROM many.public.many"}) {
    std::stop_source stop;
    auto reader = query(statement, stop.get_token());
    stop.request_stop();
    EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", read_rows(*reader));
  }
}

}  // namespace
}  // namespace jammi
