#include "inference/http_embedding_task.h"

#include <algorithm>
#include <atomic>
#include <latch>

#include <arrow/array/array_nested.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/testing.h"
#include "io/http_testing.h"
#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using io::testing::HttpServer;
using io::testing::ServedReply;
using io::testing::ServedRequest;
using nlohmann::json;
using ::testing::ElementsAre;

using Row = std::pair<std::optional<std::string>, std::optional<std::string>>;

/// Rows of keys and texts.
std::shared_ptr<arrow::RecordBatchReader> reader_of(const std::vector<Row>& rows) {
  arrow::StringBuilder keys, texts;
  for (const auto& [key, text] : rows) {
    sql::throw_if_error(key ? keys.Append(*key) : keys.AppendNull());
    sql::throw_if_error(text ? texts.Append(*text) : texts.AppendNull());
  }
  auto schema = arrow::schema({arrow::field("key", arrow::utf8()), arrow::field("text", arrow::utf8())});
  auto batch =
      arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()),
                               {sql::value_or_throw(keys.Finish()), sql::value_or_throw(texts.Finish())});
  return sql::value_or_throw(arrow::RecordBatchReader::Make({batch}, schema));
}

std::vector<Row> numbered_rows(int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) rows.emplace_back(std::to_string(i), "text " + std::to_string(i));
  return rows;
}

std::vector<std::string> texts_of(const ServedRequest& request) {
  return json::parse(request.body)["input"];
}

/// "text 12" points to the angle of 12 degrees.
std::vector<float> vector_of(const std::string& text) {
  const float angle = std::stof("0" + text.substr(std::min<size_t>(text.size(), 5))) / 180 * 3.14159265f;
  return {std::cos(angle), std::sin(angle)};
}

ServedReply answer(const ServedRequest& request) {
  json data = json::array();
  for (const std::string& text : texts_of(request)) data.push_back({{"embedding", vector_of(text)}});
  return {.body = json{{"data", data}, {"usage", {{"total_tokens", 3}}}}.dump()};
}

/// A server whose first answer, that to `connect`, is sound.
class HttpEmbeddingTaskTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Task> task(HttpServer::Handler handler, size_t texts_per_request) {
    server_.emplace(
        [this, handler](const ServedRequest& request) {
          return num_requests_++ == 0 ? answer(request) : handler(request);
        },
        /*num_threads=*/8);
    return make_http_embedding_task(
        model::HttpEmbedder::connect({model::ModelSource::Kind::Http, server_->url()},
                                     {.http = {.first_backoff = std::chrono::milliseconds(1)}}),
        texts_per_request);
  }

  /// The errors of six rows, two to a request, when the server answers so to requests with "text 2".
  std::vector<std::string> errors_when_text_2_is_answered(const ServedReply& reply) {
    auto embedding = task(
        [reply](const ServedRequest& request) {
          return std::ranges::contains(texts_of(request), "text 2") ? reply : answer(request);
        },
        2);
    auto stream = embedding->run(reader_of(numbered_rows(6)), {.num_threads = 2}, {});
    std::vector<std::string> errors;
    while (const auto output = stream->next()) {
      for (const RowOutcome& row : output->rows) errors.push_back(row.error);
    }
    return errors;
  }

  static std::vector<float> vector_at(const TaskOutput& output, size_t row) {
    const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*output.columns.at(0));
    const auto& values = static_cast<const arrow::FloatArray&>(*lists.values());
    return {values.raw_values() + 2 * row, values.raw_values() + 2 * row + 2};
  }

  std::atomic<int> num_requests_ = 0;
  std::optional<HttpServer> server_;
};

TEST_F(HttpEmbeddingTaskTest, rows_come_in_order_whatever_order_the_requests_are_answered_in) {
  std::latch is_second_answered(1);
  auto embedding = task(
      [&](const ServedRequest& request) {
        const std::string first = texts_of(request).front();
        if (first == "text 0") is_second_answered.wait();
        ServedReply reply = answer(request);
        if (first == "text 4") is_second_answered.count_down();
        return reply;
      },
      4);
  EXPECT_EQ(embedding->columns().at(0)->type()->ToString(), "fixed_size_list<item: float>[2]");
  auto stream = embedding->run(reader_of(numbered_rows(30)), {.num_threads = 2}, {});
  int row = 0;
  while (const auto output = stream->next()) {
    EXPECT_EQ(output->num_tokens, 3u);
    EXPECT_LE(output->rows.size(), 4u);
    for (size_t i = 0; i < output->rows.size(); ++i, ++row) {
      EXPECT_EQ(output->rows[i].row_id, std::to_string(row));
      EXPECT_TRUE(output->rows[i].is_ok());
      EXPECT_THAT(vector_at(*output, i), ::testing::Pointwise(::testing::FloatNear(1e-6f),
                                                              vector_of("text " + std::to_string(row))));
    }
  }
  EXPECT_EQ(row, 30);
  EXPECT_EQ(num_requests_, 1 + 8);
}

TEST_F(HttpEmbeddingTaskTest, no_more_requests_are_under_way_than_the_stream_has_threads_nor_than_8) {
  std::atomic<int> num_running = 0;
  std::atomic<int> most = 0;
  auto embedding = task(
      [&](const ServedRequest& request) {
        const int running = ++num_running;
        int seen = most;
        while (seen < running && !most.compare_exchange_weak(seen, running)) {
        }
        ServedReply reply = answer(request);
        --num_running;
        return reply;
      },
      1);
  for (const auto& [num_threads, limit] : {std::pair(3, 3), std::pair(64, 8)}) {
    most = 0;
    auto stream =
        embedding->run(reader_of(numbered_rows(100)), {.num_threads = static_cast<size_t>(num_threads)}, {});
    while (stream->next()) {
    }
    EXPECT_LE(most, limit);
  }
}

TEST_F(HttpEmbeddingTaskTest, rows_without_text_or_key_are_error_rows_that_are_not_sent) {
  auto embedding = task(answer, 8);
  auto stream = embedding->run(
      reader_of(
          {{"a", "text 1"}, {"b", std::nullopt}, {std::nullopt, "text 2"}, {"d", ""}, {"e", "text 90"}}),
      {}, {});
  const auto output = stream->next();
  ASSERT_EQ(output->rows.size(), 5u);
  EXPECT_EQ(output->rows[1].error, "Empty or null text input");
  EXPECT_EQ(output->rows[2].row_id, std::nullopt);
  EXPECT_EQ(output->rows[3].error, "Empty or null text input");
  EXPECT_THAT(vector_at(*output, 4), ElementsAre(::testing::FloatNear(0, 1e-6f), 1));
  EXPECT_TRUE(output->columns[0]->IsNull(1) && output->columns[0]->IsNull(2) &&
              output->columns[0]->IsNull(3));
  EXPECT_THAT(texts_of(server_->requests().at(1)), ElementsAre("text 1", "text 90"));
  EXPECT_FALSE(stream->next().has_value());

  EXPECT_EQ(embedding->run(reader_of({{"a", ""}}), {}, {})->next()->rows.size(), 1u);
  EXPECT_EQ(num_requests_, 2) << "nothing to send";
}

TEST_F(HttpEmbeddingTaskTest, a_request_that_fails_for_good_costs_its_own_rows) {
  EXPECT_THAT(errors_when_text_2_is_answered({.status = 404, .body = "no such model"}),
              ElementsAre("", "", "Backend error: HTTP embedding request returned 404: no such model",
                          "Backend error: HTTP embedding request returned 404: no such model", "", ""));
}

TEST_F(HttpEmbeddingTaskTest, a_text_that_the_server_refuses_costs_its_own_row) {
  EXPECT_THAT(
      errors_when_text_2_is_answered({.status = 413, .body = "too long"}),
      ElementsAre("", "", "Backend error: HTTP embedding request returned 413: too long", "", "", ""));
}

TEST_F(HttpEmbeddingTaskTest, a_stop_request_ends_the_wait_for_an_answer_with_cancelled) {
  std::stop_source stop;
  std::latch is_over(1);
  auto embedding = task(
      [&](const ServedRequest&) {
        stop.request_stop();
        is_over.wait();
        return ServedReply{};
      },
      2);
  auto stream = embedding->run(reader_of(numbered_rows(20)), {.num_threads = 2}, stop.get_token());
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", stream->next());
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", stream->next());
  is_over.count_down();
  server_.reset();  // its threads still see this test
}

TEST_F(HttpEmbeddingTaskTest, an_abandoned_stream_does_not_wait_for_the_server) {
  std::latch is_over(1);
  auto embedding = task(
      [&](const ServedRequest& request) {
        if (texts_of(request).front() != "text 0") is_over.wait();
        return answer(request);
      },
      2);
  {
    auto stream = embedding->run(reader_of(numbered_rows(20)), {.num_threads = 2}, {});
    EXPECT_TRUE(stream->next().has_value());
  }
  is_over.count_down();
  server_.reset();  // its threads still see this test
}

TEST_F(HttpEmbeddingTaskTest, what_the_reader_throws_arrives_after_the_rows_before_it) {
  struct Torn final : arrow::RecordBatchReader {
    std::shared_ptr<arrow::RecordBatchReader> rows = reader_of(numbered_rows(2));
    std::shared_ptr<arrow::Schema> schema() const override { return rows->schema(); }
    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
      ARROW_RETURN_NOT_OK(rows->ReadNext(batch));
      if (*batch != nullptr) return arrow::Status::OK();
      return sql::to_status(source_error(ErrorCode::DataCorruption, "s", "torn page"));
    }
  };
  auto embedding = task(answer, 2);
  auto stream = embedding->run(std::make_shared<Torn>(), {.num_threads = 2}, {});
  EXPECT_EQ(stream->next()->rows.size(), 2u);
  EXPECT_ERROR(ErrorCode::DataCorruption, "torn page", stream->next());
}

}  // namespace
}  // namespace jammi::inference
