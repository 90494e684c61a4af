#include "sql/functions.h"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "sql/arrow_status.h"
#include "sql/engine.h"
#include "sql/testing.h"

namespace jammi::sql {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pair;
using testing::read_rows;
using testing::Row;

/// Batches of ten rows: n from 0 and its square as text, without end until a stop is requested.
class Counting final : public arrow::RecordBatchReader {
 public:
  Counting(int64_t count, std::stop_token stop) : count_(count), stop_(std::move(stop)) {}

  static std::shared_ptr<arrow::Schema> columns() {
    return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("square", arrow::utf8())});
  }

  std::shared_ptr<arrow::Schema> schema() const override { return columns(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (stop_.stop_requested()) {
      return to_status(Error(ErrorCode::Cancelled, ErrorCategory::Inference, "stopped"));
    }
    if (next_ == 500)
      return to_status(Error(ErrorCode::DataCorruption, ErrorCategory::Model, "row 500 is torn"));
    if (next_ >= count_) return arrow::Status::OK();
    arrow::Int64Builder numbers;
    arrow::StringBuilder squares;
    for (int64_t i = 0; i < 10 && next_ < count_; ++i, ++next_) {
      ARROW_RETURN_NOT_OK(numbers.Append(next_));
      ARROW_RETURN_NOT_OK(squares.Append(std::to_string(next_ * next_)));
    }
    const int64_t num_rows = numbers.length();
    *batch = arrow::RecordBatch::Make(columns(), num_rows,
                                      {numbers.Finish().ValueOrDie(), squares.Finish().ValueOrDie()});
    return arrow::Status::OK();
  }

 private:
  const int64_t count_;
  const std::stop_token stop_;
  int64_t next_ = 0;
};

class FunctionsTest : public ::testing::Test {
 protected:
  FunctionsTest()
      : engine_({.threads = 2, .temp_directory = directory_.path() / "tmp"},
                {.find_result_table = [](const std::string&, const auto&) { return std::nullopt; },
                 .list_result_tables = [](const auto&) { return std::vector<ResultFile>(); },
                 .views = {}}) {
    engine_.add_function(TableFunction{
        "counting", [this](const std::vector<Constant>& arguments, const Caller&) -> FunctionRows {
          arguments_ = arguments;
          if (arguments.empty() || !std::holds_alternative<int64_t>(arguments[0])) {
            throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model, "how many?");
          }
          const int64_t count = std::get<int64_t>(arguments[0]);
          return {.schema = Counting::columns(), .open = [this, count](std::stop_token stop) {
                    ++num_opened_;
                    return std::make_shared<Counting>(count, stop);
                  }};
        }});
    engine_.add_function(
        VectorFunction{"lengths", [this](const std::string& constant, const Caller&) -> TextVectors {
                         ++num_bound_;
                         if (constant == "unknown")
                           throw Error(ErrorCode::NotFound, ErrorCategory::Model, "no such model: unknown");
                         return {.dimensions = 2,
                                 .compute = [this](std::span<const std::string_view> texts, std::stop_token) {
                                   return lengths(texts);
                                 }};
                       }});
  }

  /// [length of the text, 1]; remembers what it was asked for.
  std::vector<float> lengths(std::span<const std::string_view> texts) {
    std::lock_guard lock(mutex_);
    ++num_computed_;
    std::vector<float> vectors;
    for (std::string_view text : texts) {
      if (text == "bad") throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Inference, "out of memory");
      ++times_computed_[std::string(text)];
      vectors.push_back(static_cast<float>(text.size()));
      vectors.push_back(1);
    }
    return vectors;
  }

  std::vector<Row> run(const std::string& statement) { return read_rows(*engine_.query(statement)); }

  static std::string with_rows(std::string statement);

  jammi::testing::TemporaryDirectory directory_;
  std::vector<Constant> arguments_;
  std::atomic<int> num_opened_ = 0;
  std::atomic<int> num_bound_ = 0;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, int> times_computed_;
  int num_computed_ = 0;
  Engine engine_;
};

TEST_F(FunctionsTest, a_table_function_gives_its_rows_in_order) {
  EXPECT_THAT(run("SELECT * FROM counting(3)"), ElementsAre(Row{"0", "0"}, Row{"1", "1"}, Row{"2", "4"}));
  EXPECT_EQ(run("SELECT n FROM counting(400)").back(), Row{"399"});
}

TEST_F(FunctionsTest, columns_and_filters_stand_above_it) {
  EXPECT_THAT(run("SELECT square, n FROM counting(100) WHERE n % 30 = 5"),
              ElementsAre(Row{"25", "5"}, Row{"1225", "35"}, Row{"4225", "65"}, Row{"9025", "95"}));
  EXPECT_THAT(run("SELECT count(*) FROM counting(100)"), ElementsAre(Row{"100"}));
  EXPECT_THAT(run("SELECT square FROM counting(100) WHERE n = 7"), ElementsAre(Row{"49"}));
}

TEST_F(FunctionsTest, it_joins_and_may_be_used_twice) {
  EXPECT_THAT(
      run("SELECT a.n, b.n FROM counting(10) a JOIN counting(10) b ON a.n = b.square::INT ORDER BY 1"),
      ElementsAre(Row{"0", "0"}, Row{"1", "1"}, Row{"4", "2"}, Row{"9", "3"}));
  EXPECT_EQ(num_opened_, 2);
}

TEST_F(FunctionsTest, planning_alone_opens_nothing) {
  run("EXPLAIN SELECT * FROM counting(3)");
  run("DESCRIBE SELECT * FROM counting(3)");
  EXPECT_EQ(num_opened_, 0);
}

TEST_F(FunctionsTest, arguments_are_texts_whole_numbers_lists_of_numbers_and_nulls) {
  run("SELECT * FROM counting(1, 'it''s', [1, 2.5], [3, 4]::FLOAT[2], NULL, -7, 1 + 1)");
  EXPECT_THAT(arguments_,
              ElementsAre(Constant(int64_t{1}), Constant("it's"), Constant(std::vector<float>{1, 2.5}),
                          Constant(std::vector<float>{3, 4}), Constant(), Constant(int64_t{-7}),
                          Constant(int64_t{2})));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "counting: argument 2 is neither a text nor",
               run("SELECT * FROM counting(1, DATE '2020-01-01')"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "counting: argument 1 is neither a text nor",
               run("SELECT * FROM counting(1.5)"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "counting: a vector holds numbers only",
               run("SELECT * FROM counting(1, ['a'])"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "counting: a vector holds numbers only",
               run("SELECT * FROM counting(1, [1, NULL])"));
}

TEST_F(FunctionsTest, arguments_that_are_not_constant_are_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "", run("SELECT * FROM counting((SELECT 3))"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "", run("SELECT * FROM range(3) r, counting(r.range)"));
}

TEST_F(FunctionsTest, what_bind_and_open_throw_and_readers_report_keeps_its_code) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "DataFusion error: counting: Model error: how many?",
               run("SELECT * FROM counting('x')"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "Model error: row 500 is torn",
               run("SELECT sum(n) FROM counting(1000)"));
}

TEST_F(FunctionsTest, a_stop_request_and_an_abandoned_reader_end_a_table_function) {
  constexpr char kEndless[] =
      "SELECT * FROM counting(400) a, counting(400) b, counting(400) c, counting(400) d";
  std::stop_source stop;
  auto reader = engine_.query(kEndless, stop.get_token());
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", read_rows(*reader));
  auto abandoned = engine_.query(kEndless);
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(abandoned->ReadNext(&batch));
  abandoned.reset();
}

TEST_F(FunctionsTest, a_vector_function_is_a_float_array_and_null_for_null_and_empty_text) {
  auto reader = engine_.query("SELECT lengths('m', t) AS v FROM (VALUES ('abc'), (NULL), (''), ('x')) s(t)");
  EXPECT_TRUE(reader->schema()->field(0)->type()->Equals(arrow::fixed_size_list(arrow::float32(), 2)))
      << reader->schema()->ToString();
  EXPECT_THAT(read_rows(*reader), ElementsAre(Row{"[3, 1]"}, Row{"NULL"}, Row{"NULL"}, Row{"[1, 1]"}));
}

TEST_F(FunctionsTest, its_vectors_work_with_the_functions_of_lists_and_arrays) {
  EXPECT_THAT(run("SELECT round(array_cosine_similarity(lengths('m', 'abc'), lengths('m', 'abc')), 4), "
                  "array_inner_product(lengths('m', 'ab'), [2, 5]::FLOAT[2]), lengths('m', 'abcd')[1], "
                  "list_cosine_similarity(lengths('m', 'a'), [1, 1]), len(lengths('m', 'a'))"),
              ElementsAre(Row{"1", "9", "4", "1", "2"}));
}

TEST_F(FunctionsTest, a_statement_binds_a_model_once_and_an_unknown_one_fails_before_it_runs) {
  run("SELECT lengths('m', 'a'), lengths('m', 'b'), lengths('other', 'c')");
  EXPECT_EQ(num_bound_, 2);
  EXPECT_ERROR(ErrorCode::NotFound, "DataFusion error: lengths: Model error: no such model: unknown",
               engine_.query("SELECT lengths('unknown', 'a')"));
}

TEST_F(FunctionsTest, the_model_must_be_a_constant) {
  for (const char* first : {"NULL", "t", "(SELECT 'm')", "upper(t)"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "the first argument must be a constant text",
                 run("SELECT lengths(" + std::string(first) + ", t) FROM (VALUES ('x')) s(t)"));
  }
  EXPECT_EQ(run("SELECT lengths('m' || '1', 'abc')"), std::vector<Row>{Row{"[3, 1]"}});
}

TEST_F(FunctionsTest, what_computing_throws_ends_the_statement_with_its_code) {
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "Inference error: out of memory",
               run("SELECT lengths('m', 'bad')"));
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "Inference error: out of memory",
               run("SELECT lengths('m', t) FROM (VALUES ('good'), ('bad')) s(t)"));
}

// 20,000 rows: i from 0, and t, which is NULL for every 7th row and empty for every 11th.
constexpr char kRows[] =
    "(SELECT range AS i, CASE WHEN range % 7 = 0 THEN NULL WHEN range % 11 = 0 THEN '' ELSE 'text ' || range "
    "END AS t "
    "FROM range(20000))";

std::string FunctionsTest::with_rows(std::string statement) {
  for (size_t at; (at = statement.find("ROWS")) != std::string::npos;) statement.replace(at, 4, kRows);
  return statement;
}

TEST_F(FunctionsTest, a_call_is_computed_once_for_a_row_wherever_it_is_written) {
  for (const char* statement :
       {"SELECT lengths('m', t), lengths('m', t)[1] FROM ROWS",
        "SELECT lengths('m', square) FROM counting(400) WHERE lengths('m', square)[1] > 0",
        "SELECT v FROM (SELECT lengths('m', t) AS v FROM ROWS) WHERE v[1] > 7 AND v[1] < 9",
        "SELECT lengths('m', t) FROM ROWS ORDER BY lengths('m', t)[1] LIMIT 5"}) {
    times_computed_.clear();
    run(with_rows(statement));
    EXPECT_GE(times_computed_.size(), 400u) << statement;
    EXPECT_THAT(times_computed_, Each(Pair(::testing::_, 1))) << statement;
  }
}

TEST_F(FunctionsTest, rows_that_come_few_at_a_time_are_computed_together) {
  run(with_rows("SELECT lengths('m', t) FROM ROWS WHERE i % 1000 = 1"));
  EXPECT_EQ(num_computed_, 1);
  run(with_rows("SELECT i FROM ROWS WHERE i % 1000 = 1 AND lengths('m', t)[1] > 3"));
  EXPECT_EQ(num_computed_, 2);
  run(with_rows("SELECT i % 2 AS g, sum(lengths('m', t)[1]) FROM ROWS WHERE i % 1000 = 1 GROUP BY g"));
  EXPECT_EQ(num_computed_, 3);
}

TEST_F(FunctionsTest, only_rows_that_pass_everything_else_are_computed) {
  for (const char* statement :
       {"SELECT i FROM ROWS WHERE lengths('m', t)[1] > 3 AND i IN (1, 2)",
        "SELECT * FROM (SELECT i, lengths('m', t) AS v FROM ROWS WHERE i BETWEEN 1 AND 2) WHERE v[1] > 3",
        "SELECT r.i FROM ROWS r JOIN (VALUES (1), (2)) s(i) ON r.i = s.i WHERE lengths('m', r.t)[1] > 3",
        "SELECT v FROM (SELECT i, lengths('m', t) AS v FROM ROWS) WHERE i IN (1, 2) AND v[1] > 3",
        "WITH e AS (SELECT i, lengths('m', t) AS v FROM ROWS) SELECT v FROM e WHERE i IN (1, 2)",
        "SELECT lengths('m', t) FROM (FROM ROWS WHERE i > 0 LIMIT 2)",
        "SELECT i, lengths('m', t) FROM ROWS WHERE i > 0 LIMIT 2",
        "SELECT CASE WHEN i IN (1, 2) THEN lengths('m', t) END FROM ROWS",
        "SELECT i FROM ROWS WHERE i NOT IN (1, 2) OR lengths('m', t)[1] > 3",
        "SELECT coalesce(CASE WHEN i NOT IN (1, 2) THEN [0, 0]::FLOAT[2] END, lengths('m', t)) FROM ROWS"}) {
    times_computed_.clear();
    run(with_rows(statement));
    EXPECT_THAT(times_computed_, ElementsAre(Pair("text 1", 1), Pair("text 2", 1))) << statement;
  }
}

TEST_F(FunctionsTest, a_constant_is_computed_while_planning) {
  run(with_rows("SELECT i FROM ROWS WHERE array_inner_product(lengths('m', 'abc'), [1, 1]::FLOAT[2]) > i"));
  EXPECT_THAT(times_computed_, ElementsAre(Pair("abc", 1)));
}

TEST_F(FunctionsTest, each_call_with_a_random_text_is_computed) {
  run("SELECT lengths('m', 'a' || uuid()), lengths('m', 'a' || uuid()) FROM range(10)");
  EXPECT_EQ(times_computed_.size(), 20u);
}

/// Whatever the shape of a query, a vector function gives what an expression of DuckDB's own gives.
class QueryShapes : public FunctionsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(QueryShapes, gives_what_an_expression_gives) {
  auto with = [](std::string statement, const std::string& before, const std::string& after) {
    for (size_t at; (at = statement.find("V(")) != std::string::npos;) {
      const size_t end = statement.find(')', at);
      const std::string text = statement.substr(at + 2, end - at - 2);
      std::string call = before + text + after;
      for (size_t hole; (hole = call.find('$')) != std::string::npos;) call.replace(hole, 1, text);
      statement.replace(at, end + 1 - at, call);
    }
    return with_rows(statement);
  };
  const std::vector<Row> expected =
      run(with(GetParam(), "(CASE WHEN $ <> '' THEN [len(", "), 1]::FLOAT[2] END)"));
  EXPECT_EQ(run(with(GetParam(), "lengths('m', ", ")")), expected);
  EXPECT_FALSE(expected.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, QueryShapes,
    ::testing::Values(
        "SELECT * FROM ROWS WHERE V(t)[1] = 7", "SELECT i, V(t) FROM ROWS",
        "SELECT V(t), V(t)[1] + i, t FROM ROWS WHERE i < 5000",
        "SELECT i FROM ROWS WHERE V(t)[1] = 8 AND i % 3 = 1 AND V(t)[2] = 1 AND t LIKE '%9'",
        "SELECT V(t) FROM ROWS WHERE V(t) IS NULL", "SELECT V(t) FROM ROWS WHERE V(t)[1] > 100 OR i = 1",
        "SELECT i, V(t) FROM ROWS ORDER BY V(t)[1] DESC NULLS LAST, i LIMIT 10 OFFSET 3",
        "SELECT i, V(t) FROM ROWS LIMIT 7 OFFSET 2500", "SELECT i FROM ROWS ORDER BY i DESC LIMIT 4",
        "SELECT V(t)[1] AS n, count(*) FROM ROWS GROUP BY n ORDER BY n",
        "SELECT * FROM (SELECT * FROM ROWS WHERE V(t)[1] > 7) WHERE V(t)[1] < 9 AND i < 5000",
        "SELECT * FROM ROWS WHERE V(t)[1] = 7 LIMIT 3", "SELECT sum(V(t)[1]), max(V(t)) FROM ROWS",
        "SELECT sum(V(t)[1]) FILTER (i < 100), sum(V(t)[1]) FROM ROWS WHERE V(t)[1] > 6",
        "SELECT i % 3 AS g, max(V(t)[1]), count(V(t)) FROM ROWS GROUP BY g ORDER BY g",
        "SELECT list(V(t)[1] ORDER BY i) FROM ROWS WHERE i < 20 AND V(t)[1] > 0",
        "SELECT i FROM ROWS WHERE V(t)[1] > 7 QUALIFY row_number() OVER (ORDER BY i) < 5 ORDER BY i",
        "SELECT DISTINCT V(t) AS v FROM ROWS ORDER BY v",
        "SELECT V(t)[1] AS n FROM ROWS GROUP BY V(t)[1] HAVING max(V(t)[1]) > 7 ORDER BY n",
        "SELECT a.i, V(a.t), V(b.t) FROM ROWS a JOIN ROWS b ON a.i = b.i + 1 WHERE V(a.t)[1] <> V(b.t)[1] "
        "ORDER BY a.i",
        "SELECT a.i, V(b.t) FROM ROWS a LEFT JOIN ROWS b ON a.i = b.i + 19990 WHERE a.i > 19980 ORDER BY a.i",
        "SELECT a.i FROM ROWS a JOIN ROWS b ON a.i = b.i AND V(a.t)[1] = V(b.t)[1] WHERE a.i < 100 ORDER BY "
        "a.i",
        "SELECT i FROM ROWS r WHERE EXISTS (SELECT 1 FROM ROWS s WHERE s.i = r.i + 1 AND V(s.t)[1] = "
        "V(r.t)[1] + 1) ORDER BY i",
        "SELECT i FROM ROWS WHERE V(t)[1] IN (SELECT V(t)[1] FROM ROWS WHERE i = 12) AND i < 100 ORDER BY i",
        "SELECT i, (SELECT max(V(s.t)[1]) FROM ROWS s WHERE s.i = r.i) FROM ROWS r WHERE i < 50 ORDER BY i",
        "WITH e AS (SELECT i, V(t) AS v FROM ROWS) SELECT a.i, b.v FROM e a JOIN e b ON a.i = b.i * 2 WHERE "
        "a.v[1] > 8 ORDER BY a.i",
        "WITH e AS NOT MATERIALIZED (SELECT i, V(t) AS v FROM ROWS WHERE V(t)[1] > 7) SELECT count(*), "
        "count(b.v) FROM e a JOIN e b USING (i)",
        "WITH RECURSIVE c(n, x) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, x || 'a' FROM c WHERE V(x)[1] < 9) "
        "SELECT n, V(x) FROM c",
        "SELECT V(t) FROM ROWS WHERE i < 10 UNION ALL SELECT V(t) FROM ROWS WHERE V(t)[1] = 10 AND i > 19900",
        "SELECT i, row_number() OVER (PARTITION BY V(t)[1] ORDER BY i) FROM ROWS WHERE i < 1000 ORDER BY i",
        "SELECT i, unnest(V(t)::FLOAT[]) FROM ROWS WHERE i < 3000",
        "SELECT i, list_transform([t], lambda x: V(x)) FROM ROWS WHERE i < 30",
        "SELECT r.i, l.v FROM ROWS r, LATERAL (SELECT V(r.t) AS v) l WHERE r.i < 5000 AND l.v[1] > 8",
        "SELECT CASE WHEN i % 2 = 0 THEN V(t) END, coalesce(V(t), [0, 0]::FLOAT[2]) FROM ROWS WHERE i < 3000",
        "SELECT V(t || i) FROM ROWS WHERE i < 3000",
        "SELECT n, square, V(square) FROM counting(400) WHERE V(square)[1] > 2",
        "SELECT V(t) FROM (VALUES ('x')) s(t)", "SELECT count(*) FROM ROWS WHERE V(t)[1] > 7",
        "SELECT count(*) FROM (SELECT V(t) FROM ROWS)",
        "SELECT i FROM (SELECT i, V(t) AS v FROM ROWS) WHERE i < 3",
        "SELECT * FROM (SELECT i % 2 AS h, V(t)[1] AS n FROM ROWS) PIVOT (count(*) FOR h IN (0, 1)) ORDER BY "
        "n"));

}  // namespace
}  // namespace jammi::sql
