#include "search/search_builder.h"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <thread>

#include <arrow/array/array_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "embedding/source_rows.h"
#include "index/sidecar_writer.h"
#include "search/result_assembly.h"
#include "storage/result_store.h"

namespace jammi::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using Strings = std::vector<std::string>;

/// Counts the bytes of a text.
class LengthTask final : public inference::Task {
 public:
  ModelTask kind() const noexcept override { return ModelTask::Classification; }
  inference::Content content() const noexcept override { return inference::Content::Text; }
  const std::string& model_id() const noexcept override { return model_id_; }
  arrow::FieldVector columns() const override {
    return {arrow::field("length", arrow::int64()), arrow::field("confidence", arrow::float32())};
  }
  std::unique_ptr<inference::TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                             const inference::StreamOptions&,
                                             std::stop_token) const override {
    return std::make_unique<Stream>(std::move(rows));
  }

 private:
  class Stream final : public inference::TaskStream {
   public:
    explicit Stream(std::shared_ptr<arrow::RecordBatchReader> rows) : rows_(std::move(rows)) {}

    std::optional<inference::TaskOutput> next() override {
      std::shared_ptr<arrow::RecordBatch> batch;
      throw_if_error(rows_->ReadNext(&batch));
      if (batch == nullptr) return std::nullopt;
      const auto& keys = static_cast<const arrow::StringArray&>(*batch->column(0));
      const auto& text = static_cast<const arrow::StringArray&>(*batch->column(1));
      inference::TaskOutput output;
      arrow::Int64Builder lengths;
      arrow::FloatBuilder confidences;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        const bool is_null = text.IsNull(row);
        output.rows.push_back({.row_id = keys.GetString(row), .error = is_null ? "no text" : ""});
        throw_if_error(is_null ? lengths.AppendNull() : lengths.Append(text.value_length(row)));
        throw_if_error(is_null ? confidences.AppendNull() : confidences.Append(0.5f));
      }
      output.columns = {finish_array(lengths), finish_array(confidences)};
      return output;
    }

   private:
    std::shared_ptr<arrow::RecordBatchReader> rows_;
  };

  std::string model_id_ = "length-counter";
};

/// Sources whose rows are the less similar to the query the later they come.
class SearchBuilderTest : public ::testing::Test {
 protected:
  SearchBuilderTest() {
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    config.engine.execution_threads = 2;
    database_ = Database::open(config);
    runner_ = std::make_shared<inference::Runner>(
        *database_, [](const std::string& model, ModelTask, std::stop_token) {
          if (model != "length") throw model_error(ErrorCode::NotFound, model, "no such model");
          return std::make_shared<LengthTask>();
        });
    add_source("papers",
               "id,title,year,firm\n"
               "1,solar,2019,7\n"
               "2,wind,2021,8\n"
               "3,water,2020,7\n"
               "4,coal,2022,9\n"
               "5,gas,2021,\n");
    add_source("firms", "id,name,country\n7,Acme,US\n8,Bolt,DE\n");
  }

  void write(const std::string& id, const std::string& csv) {
    std::ofstream(directory_.path() / (id + ".csv")) << csv;
  }

  void add_source(const std::string& id, const std::string& csv) {
    write(id, csv);
    database_->add_source(id, SourceType::File,
                          {.url = directory_.file(id + ".csv"), .format = FileFormat::Csv, .options = {}});
  }

  /// Makes an embedding table of a source's rows whose keys are `keys`.
  void embed(const std::string& source, const Strings& keys, bool has_row_store = true) {
    storage::TableDefinition definition;
    definition.source_id = source;
    definition.dimensions = 2;
    definition.key_column = "id";
    definition.model.id = "m";
    std::vector<float> vectors;
    for (size_t row = 0; row < keys.size(); ++row) {
      const double similarity = 1 - static_cast<double>(row) / static_cast<double>(keys.size());
      vectors.push_back(static_cast<float>(similarity));
      vectors.push_back(static_cast<float>(std::sqrt(1 - similarity * similarity)));
    }
    auto writer = database_->results().create(definition);
    index::SidecarWriter sidecars(database_->results(), writer->table().table_name, definition, 2);
    writer->append(keys, vectors);
    sidecars.add(keys, vectors);
    writer->seal();
    sidecars.finish();
    if (has_row_store) {
      embedding::write_source_rows(*database_, writer->table(), source, std::vector<bool>(keys.size(), true),
                                   database_->source_fingerprint(source), {});
    }
    writer->finish();
  }

  SearchBuilder search(const std::string& source, size_t k, const std::string& filter = "") {
    return begin_search(database_, runner_, caches_, source, {1, 0}, k, {.table = "", .filter = filter});
  }

  /// A search over `papers`.
  SearchBuilder search(size_t k, const std::string& filter = "") { return search("papers", k, filter); }

  /// A column as SQL shows it, nulls as "null".
  Strings texts(const std::shared_ptr<arrow::Table>& table, const std::string& column) {
    const auto rows = read_table(*database_->sql_with_relations(
        "SELECT CAST(\"" + column + "\" AS VARCHAR) FROM found", {{"found", table}}));
    Strings values;
    for (const auto& chunk : rows->column(0)->chunks()) {
      const auto& cells = static_cast<const arrow::StringArray&>(*chunk);
      for (int64_t i = 0; i < cells.length(); ++i)
        values.push_back(cells.IsNull(i) ? "null" : cells.GetString(i));
    }
    return values;
  }

  Strings ids(SearchBuilder builder) { return texts(builder.run(), "_row_id"); }

  testing::TemporaryDirectory directory_;
  std::shared_ptr<Database> database_;
  std::shared_ptr<inference::Runner> runner_;
  SearchCaches caches_{.tables = TableCache(4), .neighbors = NeighborCache(100)};
};

using PreFilter = SearchBuilderTest;

TEST_F(PreFilter, finds_k_rows_whenever_k_rows_match) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("2", "4"));
  EXPECT_THAT(ids(search(3, "year > 2020")), ElementsAre("2", "4", "5"));
  EXPECT_THAT(ids(search(10, "year > 2020")), ElementsAre("2", "4", "5"));
  EXPECT_THAT(ids(search(2, "title LIKE '%a%' AND firm = 7")), ElementsAre("1", "3"));
  EXPECT_THAT(ids(search(2, "firm IS NULL")), ElementsAre("5"));
  EXPECT_THAT(ids(search(2, "year > 3000")), IsEmpty());
  EXPECT_THAT(ids(search(0, "year > 2020")), IsEmpty());
}

TEST_F(PreFilter, gives_the_same_with_and_without_a_row_store) {
  embed("papers", {"1", "2", "3", "4", "5"}, /*has_row_store=*/false);
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("2", "4"));
  EXPECT_THAT(search(2, "year > 2020").explain(), HasSubstr("columns: from the source, looked up by key"));
  embed("papers", {"1", "2", "3", "4", "5"}, /*has_row_store=*/true);
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("2", "4"));
  EXPECT_THAT(search(2, "year > 2020").explain(), HasSubstr("columns: from the row store"));
}

TEST_F(PreFilter, only_what_the_index_and_the_row_store_answer_runs_at_once) {
  embed("papers", {"1", "2", "3", "4", "5"}, /*has_row_store=*/true);
  SearchBuilder plain = search(2);
  const std::shared_ptr<arrow::Table> at_once = plain.run_at_once();
  ASSERT_NE(at_once, nullptr);
  EXPECT_TRUE(at_once->Equals(*search(2).run()));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "already consumed", plain.run());

  SearchBuilder filtered = search(2, "year > 2020");
  EXPECT_EQ(filtered.run_at_once(), nullptr);
  EXPECT_THAT(ids(std::move(filtered)), ElementsAre("2", "4"));
  EXPECT_EQ(search(2).limit(1).run_at_once(), nullptr);
  embed("papers", {"1", "2", "3", "4", "5"}, /*has_row_store=*/false);
  EXPECT_EQ(search(2).run_at_once(), nullptr);
}

TEST_F(PreFilter, rows_that_were_not_embedded_or_have_left_the_source_are_not_found) {
  embed("papers", {"1", "3", "5"}, false);
  EXPECT_THAT(ids(search(9, "year >= 2020")), ElementsAre("3", "5"));
  write("papers", "id,title,year,firm\n5,gas,2021,\n1,solar,2019,7\n");
  EXPECT_THAT(ids(search(9, "year >= 2019")), ElementsAre("1", "5"));
}

TEST_F(PreFilter, sees_a_changed_source_at_once) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(9, "year > 2020")), ElementsAre("2", "4", "5"));
  write("papers", "id,title,year,firm\n1,solar,2030,7\n2,wind,2001,8\n3,water,2031,7\n,nothing,2040,1\n");
  EXPECT_THAT(ids(search(9, "year > 2020")), ElementsAre("1", "3"));
}

TEST_F(PreFilter, tells_apart_rows_that_share_a_key) {
  add_source("twice", "id,year\na,2019\na,2021\nb,2021\na,2023\n");
  embed("twice", {"a", "a", "b", "a"}, false);
  // Each of the three vectors of key a brings the two rows of a that match.
  EXPECT_THAT(ids(search("twice", 9, "year > 2020")), ElementsAre("a", "a", "a", "a", "b", "a", "a"));
  EXPECT_THAT(ids(search("twice", 9, "year = 2019")), ElementsAre("a", "a", "a"));
}

TEST_F(PreFilter, conditions_whose_answer_changes_are_asked_anew) {
  embed("papers", {"1", "2", "3", "4", "5"});
  const std::string by_firms = "firm IN (SELECT id FROM firms.public.firms)";
  EXPECT_THAT(ids(search(9, by_firms)), ElementsAre("1", "2", "3"));
  write("firms", "id,name,country\n9,Coax,FR\n");
  EXPECT_THAT(ids(search(9, by_firms)), ElementsAre("4"));
  EXPECT_THAT(ids(search(9, "random() >= 0 AND year > 2020")), ElementsAre("2", "4", "5"));
}

TEST_F(PreFilter, is_checked_when_the_search_begins) {
  embed("papers", {"1", "2", "3", "4", "5"});
  for (const char* bad : {"author = 'x'", "year >", "year > 2020; DROP TABLE papers", "true) OR (true",
                          "year > 2020 -- and more\n) UNION (SELECT 1", "count(*) > 1", "similarity > 0.5",
                          "_row_id = '1'", "true LIMIT 1"}) {
    SCOPED_TRACE(bad);
    EXPECT_ERROR(ErrorCode::InvalidArgument, "Filter parse: ", search(1, bad));
  }
  EXPECT_ERROR(ErrorCode::NotFound, "Filter parse: no such table",
               search(1, "year IN (SELECT year FROM nothing)"));
}

TEST_F(PreFilter, a_huge_condition_works_or_fails_in_a_short_text) {
  embed("papers", {"1", "2", "3", "4", "5"});
  std::string list = "id IN (2";
  for (int id = 100; id < 20'000; ++id) list += "," + std::to_string(id);
  EXPECT_THAT(ids(search(3, list + ")")), ElementsAre("2"));
  EXPECT_THAT(ids(search(3, "year = 2019 OR title = '" + std::string(10'000'000, 'x') + "'")),
              ElementsAre("1"));
  try {
    search(1, std::string(10'000'000, 'x'));
    ADD_FAILURE() << "no column has this name";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith("DataFusion error: Filter parse: "));
    EXPECT_LT(std::string(error.what()).size(), 1'200u);
  }
}

TEST_F(PreFilter, stops_when_asked_to) {
  embed("papers", {"1", "2", "3", "4", "5"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", search(1, "year > 2020").run(stop.get_token()));
}

TEST_F(PreFilter, goes_through_the_graph_or_compares_depending_on_how_many_match) {
  constexpr int kNumRows = 12'000;
  std::string csv = "id,bucket\n";
  Strings keys;
  for (int row = 0; row < kNumRows; ++row) {
    keys.push_back("k" + std::to_string(row));
    csv += keys.back() + "," + std::to_string(row % 100) + "\n";
  }
  add_source("many", csv);
  embed("many", keys);
  EXPECT_THAT(search("many", 3).explain(), HasSubstr("path: index: 256 candidates of 12000 rows"));
  EXPECT_THAT(search("many", 3, "bucket >= 20").explain(), HasSubstr("path: filtered index: "));
  EXPECT_THAT(search("many", 3, "bucket >= 20").explain(), HasSubstr("9600 rows match (80%)"));
  EXPECT_THAT(search("many", 3, "bucket = 99").explain(), HasSubstr("path: filtered exact scan: "));
  EXPECT_THAT(ids(search("many", 3, "bucket >= 20")), ElementsAre("k20", "k21", "k22"));
  EXPECT_THAT(ids(search("many", 3, "bucket = 99")), ElementsAre("k99", "k199", "k299"));
}

class RepeatedSearch : public SearchBuilderTest {
 protected:
  uint64_t num_hits() const { return caches_.neighbors.statistics().hits; }
};

TEST_F(RepeatedSearch, is_answered_from_memory) {
  embed("papers", {"1", "2", "3", "4", "5"});
  const auto first = search(2).run();
  const auto filtered = search(2, "year > 2020").run();
  EXPECT_EQ(num_hits(), 0u);
  EXPECT_THAT(search(2).explain(), HasSubstr("path: remembered: the same search was made before\n"));
  EXPECT_TRUE(search(2).run()->Equals(*first));
  EXPECT_TRUE(search(2, "(year) > 2020").run()->Equals(*filtered)) << "the same condition, written otherwise";
  EXPECT_EQ(num_hits(), 2u);
  EXPECT_EQ(caches_.neighbors.statistics().misses, 2u);
}

TEST_F(RepeatedSearch, with_another_k_filter_or_vector_is_another_search) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(2)), ElementsAre("1", "2"));
  EXPECT_THAT(ids(search(3)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("2", "4"));
  EXPECT_THAT(ids(search(2, "year > 2021")), ElementsAre("4"));
  EXPECT_THAT(ids(begin_search(database_, runner_, caches_, "papers", {0, 1}, 2, {})), ElementsAre("5", "4"));
  EXPECT_EQ(num_hits(), 0u);
}

TEST_F(RepeatedSearch, shows_the_rows_as_the_source_has_them_now) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(2)), ElementsAre("1", "2"));
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("2", "4"));
  write("papers", "id,title,year,firm\n1,moonlight,2030,7\n3,water,2031,7\n");
  EXPECT_THAT(texts(search(2).run(), "title"), ElementsAre("moonlight")) << "2 has left the source";
  EXPECT_EQ(num_hits(), 1u) << "the vectors are what they were";
  EXPECT_THAT(ids(search(2, "year > 2020")), ElementsAre("1", "3"));
  EXPECT_EQ(num_hits(), 1u) << "other rows meet the condition";
}

TEST_F(RepeatedSearch, under_a_condition_whose_answer_changes_is_made_again) {
  embed("papers", {"1", "2", "3", "4", "5"});
  const std::string by_firms = "firm IN (SELECT id FROM firms.public.firms)";
  EXPECT_THAT(ids(search(9, by_firms)), ElementsAre("1", "2", "3"));
  write("firms", "id,name,country\n9,Coax,FR\n");
  EXPECT_THAT(ids(search(9, by_firms)), ElementsAre("4"));
  EXPECT_EQ(caches_.neighbors.statistics().entries, 0u);
}

TEST_F(RepeatedSearch, in_a_newer_table_is_made_again) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(2)), ElementsAre("1", "2"));
  embed("papers", {"5", "4", "3", "2", "1"});
  EXPECT_THAT(ids(search(2)), ElementsAre("5", "4"));
  EXPECT_EQ(num_hits(), 0u);
}

TEST_F(RepeatedSearch, in_a_table_made_again_under_its_name_is_made_again) {
  catalog::ResultTableRepository& tables = database_->catalog().result_tables();
  embed("papers", {"1", "2", "3"}, /*has_row_store=*/false);
  const ResultTableRecord first = tables.latest_ready_embedding("papers");
  EXPECT_THAT(ids(search(2)), ElementsAre("1", "2"));
  embed("papers", {"5", "4", "3"}, /*has_row_store=*/false);
  const ResultTableRecord second = tables.latest_ready_embedding("papers");
  std::filesystem::rename(second.parquet_path, first.parquet_path);
  tables.remove(first.table_name);
  tables.remove(second.table_name);
  while (catalog::timestamp_now() == first.completed_at) std::this_thread::yield();
  tables.insert_building(first);
  tables.mark_ready(first.table_name, 3);
  EXPECT_THAT(ids(search(2)), ElementsAre("5", "4"));
  EXPECT_EQ(num_hits(), 0u);
}

TEST_F(RepeatedSearch, for_nothing_is_not_kept) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(search(0)), IsEmpty());
  EXPECT_EQ(caches_.neighbors.statistics().entries, 0u);
}

TEST_F(RepeatedSearch, on_sixteen_threads_finds_what_one_finds) {
  embed("papers", {"1", "2", "3", "4", "5"});
  const Strings filters{"", "year > 2020", "year = 2019", "firm = 7"};
  std::map<std::pair<size_t, std::string>, std::shared_ptr<arrow::Table>> expected;
  for (size_t k = 1; k <= 5; ++k)
    for (const std::string& filter : filters) expected[{k, filter}] = search(k, filter).run();
  constexpr size_t kNumThreads = 16;
  std::atomic<size_t> num_equal = 0;
  {
    std::vector<std::jthread> threads;
    for (size_t thread = 0; thread < kNumThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (size_t i = 0; i < expected.size(); ++i) {
          const auto& [asked, table] = *std::next(expected.begin(), (i + thread) % expected.size());
          num_equal += search(asked.first, asked.second).run()->Equals(*table);
        }
      });
    }
  }
  EXPECT_EQ(num_equal, kNumThreads * expected.size());
  EXPECT_EQ(num_hits(), kNumThreads * expected.size());
  EXPECT_EQ(caches_.neighbors.statistics().entries, expected.size());
}

using JoinStep = SearchBuilderTest;

TEST_F(JoinStep, adds_the_columns_of_the_other_source_and_keeps_rows_without_a_match) {
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(5).join("firms", "firm=id").run();
  EXPECT_THAT(table->schema()->field_names(),
              ElementsAre("_row_id", "_source_id", "id", "title", "year", "firm", "firms_id", "name",
                          "country", "retrieved_by", "annotated_by", "similarity"));
  EXPECT_THAT(texts(table, "_row_id"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(texts(table, "name"), ElementsAre("Acme", "Bolt", "Acme", "null", "null"));
}

TEST_F(JoinStep, inner_keeps_only_rows_with_a_match) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(ids(std::move(search(5).join("firms", "firm=id", JoinType::Inner))),
              ElementsAre("1", "2", "3"));
}

TEST_F(JoinStep, several_matches_multiply_a_row_in_a_fixed_order) {
  add_source("tags", "paper,tag\n2,b\n1,z\n2,a\n2,c\n");
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(2).join("tags", "id=paper").run();
  EXPECT_THAT(texts(table, "_row_id"), ElementsAre("1", "2", "2", "2"));
  EXPECT_THAT(texts(table, "tag"), ElementsAre("z", "a", "b", "c"));
  EXPECT_THAT(texts(search(2).join("tags", "id=paper").limit(3).run(), "tag"), ElementsAre("z", "a", "b"));
}

TEST_F(JoinStep, keys_of_different_types_are_compared_as_text_and_numbers_as_numbers) {
  add_source("as_text", "key,note\n7,seven\nx,never\n");
  add_source("as_double", "key,note\n7.0,seven\n8.5,never\n");
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(texts(search(3).join("as_text", "firm=key").run(), "note"),
              ElementsAre("seven", "null", "seven"));
  EXPECT_THAT(search(3).join("as_text", "firm=key").explain(),
              HasSubstr("join: as_text on firm = key, left, compared as text\n"));
  EXPECT_THAT(texts(search(3).join("as_double", "firm=key").run(), "note"),
              ElementsAre("seven", "null", "seven"));
}

TEST_F(JoinStep, blanks_around_the_names_do_not_matter) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(texts(search(1).join("firms", "  firm \t=  id ").run(), "name"), ElementsAre("Acme"));
}

TEST_F(JoinStep, later_steps_see_the_joined_columns) {
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(5)
                   .join("firms", "firm=id")
                   .filter("country = 'US'")
                   .sort("year", /*descending=*/true)
                   .select({"name", "title", "similarity"})
                   .run();
  EXPECT_THAT(texts(table, "title"), ElementsAre("water", "solar"));
  EXPECT_EQ(table->schema()->field_names().front(), "name");
}

TEST_F(JoinStep, two_joins_and_a_join_with_itself_keep_every_column) {
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(1).join("firms", "firm=id").join("papers", "id=id").run();
  EXPECT_THAT(texts(table, "papers_title"), ElementsAre("solar"));
  EXPECT_ERROR(ErrorCode::Conflict, "Join column 'id' of source 'firms'",
               search(1).join("firms", "firm=id").join("firms", "firm=id"));
}

TEST_F(JoinStep, names_what_it_does_not_know_and_leaves_the_builder_as_it_was) {
  embed("papers", {"1", "2", "3", "4", "5"});
  SearchBuilder builder = search(2);
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Join: 'on' must contain '=', got 'firm'",
               builder.join("firms", "firm"));
  EXPECT_ERROR(ErrorCode::NotFound, "Join column 'company'", builder.join("firms", "company=id"));
  EXPECT_ERROR(ErrorCode::NotFound, "Join column 'key': not a column of source 'firms'",
               builder.join("firms", "firm=key"));
  EXPECT_ERROR(ErrorCode::NotFound, "Join column ''", builder.join("firms", "=id"));
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: nothing", builder.join("nothing", "firm=id"));
  EXPECT_ERROR(ErrorCode::NotFound, "Join column", builder.join("firms", "firm=id\" OR 1=1 --"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "a join is 'left' or 'inner', not: outer",
               parse_join_type("outer"));
  EXPECT_THAT(ids(std::move(builder)), ElementsAre("1", "2"));
}

TEST_F(JoinStep, odd_names_are_names) {
  add_source("o'dd \"s\"; --", "a\"b,a=b\n7,x\n");
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(1).join("o'dd \"s\"; --", "firm=a\"b").filter("\"a=b\" = 'x'").run();
  EXPECT_THAT(texts(table, "title"), ElementsAre("solar"));
}

using AnnotateStep = SearchBuilderTest;

TEST_F(AnnotateStep, adds_what_the_model_says_to_the_rows_so_far) {
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(3).annotate("length", ModelTask::Classification, {"title"}).run();
  EXPECT_THAT(table->schema()->field_names(),
              ElementsAre("_row_id", "_source_id", "id", "title", "year", "firm", "length", "confidence",
                          "retrieved_by", "annotated_by", "similarity", "inference_model", "inference_task",
                          "inference_confidence"));
  EXPECT_THAT(texts(table, "_row_id"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(texts(table, "length"), ElementsAre("5", "4", "5"));
  EXPECT_THAT(texts(table, "annotated_by"), ElementsAre("[inference]", "[inference]", "[inference]"));
  EXPECT_THAT(texts(table, "inference_model"),
              ElementsAre("length-counter", "length-counter", "length-counter"));
  EXPECT_THAT(texts(table, "inference_task")[0], "classification");
  EXPECT_THAT(texts(table, "inference_confidence")[0], "0.5");
}

TEST_F(AnnotateStep, stands_between_other_steps_in_the_order_called) {
  embed("papers", {"1", "2", "3", "4", "5"});
  auto table = search(5)
                   .join("firms", "firm=id")
                   .sort("year")
                   .limit(4)
                   .annotate("length", ModelTask::Classification, {"name"})
                   .filter("length = 4 OR length IS NULL")
                   .sort("length", /*descending=*/true)
                   .select({"title", "length", "similarity"})
                   .run();
  EXPECT_THAT(texts(table, "title"), ElementsAre("solar", "water", "wind", "gas"));
  EXPECT_THAT(texts(table, "length"), ElementsAre("4", "4", "4", "null"));
  EXPECT_THAT(table->schema()->field_names(),
              ElementsAre("title", "length", "retrieved_by", "annotated_by", "similarity"));
}

TEST_F(AnnotateStep, works_on_no_rows_and_without_ids) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_EQ(search(0).annotate("length", ModelTask::Classification, {"title"}).run()->num_rows(), 0);
  auto table = search(2).select({"title"}).annotate("length", ModelTask::Classification, {"title"}).run();
  EXPECT_THAT(texts(table, "length"), ElementsAre("5", "4"));
}

TEST_F(AnnotateStep, names_what_does_not_fit_and_leaves_the_builder_as_it_was) {
  add_source("odd", "id,Length\n1,5\n");
  embed("odd", {"1"});
  embed("papers", {"1", "2", "3", "4", "5"});
  SearchBuilder builder = search(2);
  EXPECT_ERROR(ErrorCode::NotFound, "Annotate column 'body'",
               builder.annotate("length", ModelTask::Classification, {"title", "body"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "No content columns provided",
               builder.annotate("length", ModelTask::Classification, {}));
  EXPECT_ERROR(ErrorCode::NotFound, "no such model",
               builder.annotate("nothing", ModelTask::Classification, {"title"}));
  EXPECT_ERROR(ErrorCode::Conflict, "Annotate adds a column 'length'",
               search("odd", 1).annotate("length", ModelTask::Classification, {"id"}));
  EXPECT_ERROR(ErrorCode::Conflict, "Annotate adds a column 'length'",
               search(1)
                   .annotate("length", ModelTask::Classification, {"title"})
                   .annotate("length", ModelTask::Classification, {"title"}));
  EXPECT_EQ(builder.run()->GetColumnByName("length"), nullptr);
}

using Explain = SearchBuilderTest;

TEST_F(Explain, shows_the_way_to_the_rows_and_the_steps_in_the_order_called) {
  embed("papers", {"1", "2", "3", "4", "5"});
  SearchBuilder builder = search(4, "year >= 2020");
  builder.limit(3)
      .join("firms", "firm=id")
      .filter("name IS NOT NULL")
      .annotate("length", ModelTask::Classification, {"title", "name"})
      .sort("year")
      .select({"name", "year"});
  const std::string text = builder.explain();
  EXPECT_THAT(text, StartsWith("search: the 4 nearest of 5 rows of papers, table papers__"));
  EXPECT_THAT(text, HasSubstr("\n  filter: year >= 2020: 4 rows match (80%)\n"
                              "  path: filtered exact scan: tables of fewer than 10000 rows have no index\n"
                              "  columns: from the row store\n"
                              "limit: 3\n"
                              "join: firms on firm = id, left\n"
                              "filter: name IS NOT NULL\n"
                              "annotate: classification of title, name by length-counter\n"
                              "sort: year\n"
                              "select: name, year\n"));
  EXPECT_EQ(builder.run()->num_rows(), 2) << "explaining does not use the builder up";
  EXPECT_ERROR(ErrorCode::InvalidArgument, "SearchBuilder already consumed by run()", builder.explain());
}

TEST_F(Explain, says_why_there_is_no_index) {
  embed("papers", {"1", "2", "3", "4", "5"});
  EXPECT_THAT(search(1).explain(), HasSubstr("path: exact scan: tables of fewer than 10000 rows"));
  EXPECT_THAT(search(1).explain(), Not(HasSubstr("filter")));
}

TEST_F(SearchBuilderTest, every_step_of_a_consumed_builder_is_refused) {
  embed("papers", {"1", "2", "3", "4", "5"});
  SearchBuilder builder = search(1);
  builder.run();
  constexpr char kConsumed[] = "SearchBuilder already consumed by run()";
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.run());
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.join("firms", "firm=id"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.filter("true"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.sort("year"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.limit(1));
  EXPECT_ERROR(ErrorCode::InvalidArgument, kConsumed, builder.select({"year"}));
}

TEST_F(SearchBuilderTest, source_columns_named_like_those_of_a_search_can_be_used_in_every_step) {
  add_source("odd", "id,Similarity,_row_id\n1,5,x\n2,9,y\n");
  embed("odd", {"1", "2"});
  EXPECT_THAT(texts(search("odd", 1, "Similarity > 5").run(), "_row_id"), ElementsAre("2"));
  auto table = search("odd", 2).filter("source_Similarity > 5").select({"source__row_id"}).run();
  EXPECT_THAT(texts(table, "source__row_id"), ElementsAre("y"));
}

}  // namespace
}  // namespace jammi::search
