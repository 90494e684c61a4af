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
                {.find_result_table = [](const std::string&) { return std::nullopt; },
                 .list_result_tables = [] { return std::vector<ResultFile>(); },
                 .views = {}}) {
    engine_.add_function(TableFunction{
        "counting", [this](const std::vector<Constant>& arguments, std::stop_token) -> FunctionRows {
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
        VectorFunction{"lengths", [this](const std::string& constant, std::stop_token) -> TextVectors {
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

TEST_F(FunctionsTest, a_call_that_is_written_twice_is_computed_once) {
  run("SELECT lengths('m', t), lengths('m', t)[1] FROM (VALUES ('abc'), ('de')) s(t)");
  EXPECT_THAT(times_computed_, Each(Pair(::testing::_, 1)));
}

}  // namespace
}  // namespace jammi::sql
