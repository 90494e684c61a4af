#include "model/http_embedder.h"

#include <atomic>
#include <cmath>
#include <latch>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/testing.h"
#include "io/http_testing.h"

namespace jammi::model {
namespace {

using io::testing::HttpServer;
using io::testing::ServedReply;
using io::testing::ServedRequest;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::Not;

/// The vector that the server of these tests gives a text.
std::vector<float> vector_of(std::string_view text) {
  return {static_cast<float>(text.size()), 1, 0};
}

ServedReply answer(const ServedRequest& request) {
  json data = json::array();
  const json sent = json::parse(request.body);
  for (const auto& text : sent["input"]) {
    data.push_back({{"index", data.size()}, {"embedding", vector_of(text.get<std::string>())}});
  }
  return {.body = json{{"data", data}, {"usage", {{"total_tokens", 5}}}}.dump()};
}

ServedReply embedding(std::string_view vector) {
  return {.body = R"({"data": [{"index": 0, "embedding": )" + std::string(vector) + "}]}"};
}

class HttpEmbedderTest : public ::testing::Test {
 protected:
  /// A model whose server answers the first request properly and all others by `later`.
  std::shared_ptr<const HttpEmbedder> connect(HttpServer::Handler later) {
    server_.emplace([this, later](const ServedRequest& request) {
      return num_requests_++ == 0 ? answer(request) : later(request);
    });
    return HttpEmbedder::connect({ModelSource::Kind::Http, server_->url() + "/#some model"}, options_);
  }

  static RemoteVectors embed(const HttpEmbedder& embedder, std::vector<std::string_view> texts) {
    return embedder.embed(texts, {});
  }

  HttpModelOptions options_{.headers = {{"Authorization", "Bearer sk-secret"}, {"X-Team", "search"}},
                            .http = {.first_backoff = std::chrono::milliseconds(1)}};
  std::atomic<int> num_requests_ = 0;
  std::optional<HttpServer> server_;
};

TEST_F(HttpEmbedderTest, vectors_have_unit_length_and_stand_in_the_order_of_the_texts) {
  auto embedder = connect(answer);
  EXPECT_EQ(embedder->dimensions(), 3u);
  const RemoteVectors remote = embed(*embedder, {"", "four", "three"});
  const float four = std::sqrt(17.0f);
  const float five = std::sqrt(26.0f);
  EXPECT_THAT(remote.vectors, ElementsAre(FloatEq(0), FloatEq(1), 0, FloatEq(4 / four), FloatEq(1 / four), 0,
                                          FloatEq(5 / five), FloatEq(1 / five), 0));
  EXPECT_THAT(remote.errors, ElementsAre("", "", ""));
  EXPECT_EQ(remote.num_tokens, 5u);
  EXPECT_THAT(embedder->embed_query("four", {}), ElementsAre(FloatEq(4 / four), FloatEq(1 / four), 0));
}

TEST_F(HttpEmbedderTest, a_request_is_a_post_of_texts_and_model_with_the_headers_of_the_configuration) {
  auto embedder = connect(answer);
  embed(*embedder, {"a \"b\"\n", "broken \xFF"});
  const ServedRequest request = server_->requests().at(1);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/v1/embeddings");
  EXPECT_EQ(json::parse(request.body),
            (json{{"input", {"a \"b\"\n", "broken \uFFFD"}}, {"model", "some model"}}));
  EXPECT_EQ(request.headers.at("authorization"), "Bearer sk-secret");
  EXPECT_EQ(request.headers.at("x-team"), "search");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
}

TEST_F(HttpEmbedderTest, without_a_name_the_server_chooses_the_model) {
  HttpServer server(answer);
  HttpEmbedder::connect({ModelSource::Kind::Http, server.url() + "/prefix//"}, options_);
  EXPECT_EQ(server.requests().at(0).path, "/prefix/v1/embeddings");
  EXPECT_EQ(json::parse(server.requests().at(0).body)["model"], "");
}

TEST_F(HttpEmbedderTest, a_text_without_a_vector_of_the_right_width_has_an_error) {
  auto embedder = connect([](const ServedRequest&) -> ServedReply {
    return {.body = R"({"data": [{"index": 3, "embedding": [0, 2, 0]}, {"index": 0, "embedding": null},
                                 {"index": 1, "embedding": [1, 2, 3, 4]}]})"};
  });
  const RemoteVectors remote = embed(*embedder, {"a", "b", "c", "d"});
  EXPECT_THAT(remote.errors,
              ElementsAre("The server gave no vector for this text",
                          "The server gave a vector of another width than before: 4 instead of 3",
                          "The server gave no vector for this text", ""));
  EXPECT_THAT(remote.vectors, ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
}

TEST_F(HttpEmbedderTest, a_query_without_a_vector_is_an_error) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "Backend error: The server gave no vector for this text",
               connect([](const ServedRequest&) { return embedding("null"); })->embed_query("a", {}));
}

TEST_F(HttpEmbedderTest, a_busy_server_is_asked_again) {
  auto embedder = connect([this](const ServedRequest& request) -> ServedReply {
    if (num_requests_ == 2) return {.status = 429, .headers = {{"Retry-After", "0"}}};
    if (num_requests_ == 3) return {.status = 503};
    ServedReply reply = answer(request);
    if (num_requests_ == 4) reply.cut_after = 10;
    return reply;
  });
  EXPECT_THAT(embed(*embedder, {"a"}).errors, ElementsAre(""));
  EXPECT_EQ(num_requests_, 5);
}

TEST_F(HttpEmbedderTest, a_server_that_stays_broken_is_quoted) {
  auto embedder =
      connect([](const ServedRequest&) -> ServedReply { return {.status = 500, .body = "no \xFF GPU"}; });
  EXPECT_ERROR(ErrorCode::Unavailable,
               "Backend error: HTTP embedding request returned 500: no \xEF\xBF\xBD GPU",
               embed(*embedder, {"a"}));
  EXPECT_EQ(num_requests_, 1 + options_.http.max_attempts);
}

TEST_F(HttpEmbedderTest, a_refused_request_is_not_sent_again_and_no_redirect_is_followed) {
  for (int status : {400, 401, 404, 422, 307}) {
    num_requests_ = 0;
    auto embedder = connect([&](const ServedRequest&) -> ServedReply {
      return {.status = status, .headers = {{"Location", server_->url()}}, .body = "go away"};
    });
    EXPECT_ERROR(ErrorCode::InvalidArgument, "returned " + std::to_string(status) + ": go away",
                 embed(*embedder, {"a"}));
    EXPECT_EQ(num_requests_, 2);
  }
}

TEST_F(HttpEmbedderTest, a_text_that_the_server_refuses_is_found_and_costs_no_other_text_its_vector) {
  for (int status : {400, 413, 422}) {
    num_requests_ = 0;
    auto embedder = connect([&](const ServedRequest& request) -> ServedReply {
      if (request.body.contains("bad")) return {.status = status, .body = "too long"};
      return answer(request);
    });
    const RemoteVectors remote = embed(*embedder, {"1", "22", "333", "bad", "55555"});
    const std::string refused =
        "Backend error: HTTP embedding request returned " + std::to_string(status) + ": too long";
    EXPECT_THAT(remote.errors, ElementsAre("", "", "", refused, ""));
    for (size_t i : {0, 1, 2, 4}) {
      EXPECT_FLOAT_EQ(remote.vectors[3 * i] / remote.vectors[3 * i + 1], static_cast<float>(i + 1));
    }
    EXPECT_THAT(std::span(remote.vectors).subspan(9, 3), ElementsAre(0, 0, 0));
    EXPECT_EQ(remote.num_tokens, 15u) << "three requests were answered";
    EXPECT_EQ(num_requests_, 1 + 7) << "all; 1 2, 3 4 5; 3, 4 5; 4, 5";
  }
}

TEST_F(HttpEmbedderTest, texts_that_are_too_many_for_one_request_are_sent_in_halves) {
  auto embedder = connect([](const ServedRequest& request) -> ServedReply {
    if (json::parse(request.body)["input"].size() > 2) return {.status = 413};
    return answer(request);
  });
  EXPECT_THAT(embed(*embedder, {"1", "22", "333", "4444"}).errors, ElementsAre("", "", "", ""));
}

TEST_F(HttpEmbedderTest, a_half_that_fails_otherwise_leaves_the_other_its_vectors) {
  auto embedder = connect([](const ServedRequest& request) -> ServedReply {
    const bool is_whole = json::parse(request.body)["input"].size() == 2;
    if (is_whole) return {.status = 413};
    if (request.body.contains("busy")) return {.status = 503, .body = "later"};
    return answer(request);
  });
  EXPECT_THAT(embed(*embedder, {"busy", "four"}).errors,
              ElementsAre("Backend error: HTTP embedding request returned 503: later", ""));
}

TEST_F(HttpEmbedderTest, a_request_that_is_refused_for_more_than_its_texts_is_not_sent_in_halves) {
  auto embedder = connect([](const ServedRequest&) -> ServedReply { return {.status = 401}; });
  EXPECT_ERROR(ErrorCode::InvalidArgument, "returned 401", embed(*embedder, {"1", "22", "333"}));
  EXPECT_EQ(num_requests_, 2);
}

TEST_F(HttpEmbedderTest, the_values_of_headers_are_never_shown) {
  for (int status : {401, 200}) {
    num_requests_ = 0;
    auto embedder = connect([&](const ServedRequest& request) -> ServedReply {
      return {.status = status, .body = "bad key sk-secret: " + request.headers.at("authorization")};
    });
    try {
      embed(*embedder, {"a"});
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("sk-secret")));
    }
  }
}

TEST_F(HttpEmbedderTest, a_body_that_is_no_answer_is_an_error) {
  auto embedder = connect([](const ServedRequest&) -> ServedReply { return {.body = "\x01<html>\xFF"}; });
  EXPECT_ERROR(ErrorCode::DataCorruption, "Backend error: Failed to parse embedding response: not valid JSON",
               embed(*embedder, {"a"}));
}

TEST_F(HttpEmbedderTest, an_answer_is_read_up_to_a_size) {
  auto embedder =
      connect([](const ServedRequest&) { return embedding(std::string(3 << 20, ' ') + "[1, 2, 3]"); });
  EXPECT_ERROR(ErrorCode::ResourceExhausted,
               "HTTP embedding request failed: response is larger than 2097152 bytes",
               embed(*embedder, {"a"}));
}

TEST_F(HttpEmbedderTest, a_request_that_is_not_answered_in_time_fails) {
  options_.http.request_timeout = std::chrono::milliseconds(100);
  std::latch is_over(1);
  auto embedder = connect([&](const ServedRequest&) {
    is_over.wait();
    return ServedReply{};
  });
  EXPECT_ERROR(ErrorCode::Unavailable,
               "Backend error: HTTP embedding request failed: request failed: http://",
               embed(*embedder, {"a"}));
  is_over.count_down();
  server_.reset();  // its threads still see this test
}

TEST_F(HttpEmbedderTest, a_stop_request_ends_the_wait) {
  std::stop_source stop;
  std::latch is_over(1);
  auto embedder = connect([&](const ServedRequest&) {
    stop.request_stop();
    is_over.wait();
    return ServedReply{};
  });
  EXPECT_ERROR(ErrorCode::Cancelled, "request cancelled", embedder->embed_query("a", stop.get_token()));
  is_over.count_down();
  server_.reset();  // its threads still see this test
}

TEST_F(HttpEmbedderTest, connecting_needs_a_server_that_gives_a_vector) {
  options_.http.max_attempts = 1;
  const auto connect_to = [&](ServedReply reply) {
    HttpServer server([reply](const ServedRequest&) { return reply; });
    return HttpEmbedder::connect({ModelSource::Kind::Http, server.url()}, options_);
  };
  EXPECT_ERROR(ErrorCode::InvalidArgument, "HTTP embedding request returned 404: no such model",
               connect_to({.status = 404, .body = "no such model"}));
  EXPECT_ERROR(ErrorCode::DataCorruption, "Failed to parse embedding response: no vector for a text",
               connect_to(embedding("null")));
  EXPECT_ERROR(ErrorCode::Unavailable,
               "HTTP embedding request failed: request failed: http://127.0.0.1:1/v1/embeddings",
               HttpEmbedder::connect({ModelSource::Kind::Http, "http://127.0.0.1:1"}, options_));
}

TEST_F(HttpEmbedderTest, address_name_and_width_make_the_identity) {
  HttpServer server(answer);
  EXPECT_EQ(HttpEmbedder::connect({ModelSource::Kind::Http, server.url()}, options_)->identity().precision,
            "remote");
  const auto digest = [&](const std::string& suffix) {
    return HttpEmbedder::connect({ModelSource::Kind::Http, server.url() + suffix}, options_)
        ->identity()
        .digest;
  };
  EXPECT_EQ(digest("/#a"), digest("#a"));
  EXPECT_NE(digest("#a"), digest("#b"));
  EXPECT_NE(digest("#a"), digest("/prefix#a"));
}

TEST(HttpModelOptions, come_from_the_configuration) {
  Config::InferenceHttp config{.timeout_secs = 7, .headers = {{"X-A", "b c"}}};
  const HttpModelOptions options = http_model_options(config);
  EXPECT_EQ(options.http.request_timeout, std::chrono::seconds(7));
  EXPECT_EQ(options.headers, config.headers);
  for (const auto& [name, value] :
       {std::pair("X-A", "secret\r\nX-B: c"), std::pair("X A", "secret"), std::pair("", "")}) {
    config.headers = {{name, value}};
    EXPECT_ERROR(ErrorCode::InvalidArgument, std::string("that HTTP forbids: ") + name,
                 http_model_options(config));
  }
}

}  // namespace
}  // namespace jammi::model
