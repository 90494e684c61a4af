#include "io/http_client.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "io/http_testing.h"

namespace jammi::io {
namespace {

using testing::HttpServer;
using testing::ServedReply;
using testing::ServedRequest;

HttpOptions impatient() {
  HttpOptions options;
  options.first_backoff = std::chrono::milliseconds(1);
  return options;
}

TEST(HttpClient, a_response_has_status_headers_and_body) {
  HttpServer server([](const ServedRequest&) { return ServedReply{200, {{"X-Answer", " 42 "}}, "hello"}; });
  HttpResponse response =
      HttpClient().send({.url = server.url() + "/a?b=c", .headers = {{"X-Question", "why"}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("x-answer"), "42");
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(server.requests().at(0).path, "/a?b=c");
  EXPECT_EQ(server.requests().at(0).headers.at("x-question"), "why");
}

TEST(HttpClient, head_asks_for_no_body) {
  HttpServer server([](const ServedRequest&) { return ServedReply{200, {}, "hello"}; });
  HttpResponse response = HttpClient().send({.method = HttpRequest::Method::Head, .url = server.url()});
  EXPECT_EQ(server.requests().at(0).method, "HEAD");
  EXPECT_EQ(response.headers.at("content-length"), "5");
  EXPECT_EQ(response.body, "");
}

TEST(HttpClient, a_sink_receives_the_body_and_sees_the_status) {
  const std::string body(1'000'000, 'x');
  HttpServer server([&](const ServedRequest&) { return ServedReply{206, {}, body}; });
  size_t received = 0;
  HttpResponse response = HttpClient().send({.url = server.url(), .first_byte = 10},
                                            [&](const HttpResponse& head, std::span<const std::byte> bytes) {
                                              EXPECT_EQ(head.status, 206);
                                              received += bytes.size();
                                            });
  EXPECT_EQ(received, body.size());
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(server.requests().at(0).headers.at("range"), "bytes=10-");
}

TEST(HttpClient, an_error_response_reaches_the_caller_and_not_the_sink) {
  HttpServer server([](const ServedRequest&) { return ServedReply{404, {}, "no such thing"}; });
  HttpResponse response =
      HttpClient().send({.url = server.url()},
                        [](const HttpResponse&, std::span<const std::byte>) { FAIL() << "sink was called"; });
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "no such thing");
}

TEST(HttpClient, redirects_are_followed_without_the_authorization_header_of_another_host) {
  HttpServer other([](const ServedRequest&) { return ServedReply{200, {}, "there"}; });
  HttpServer server([&](const ServedRequest&) { return ServedReply{302, {{"Location", other.url()}}, ""}; });
  HttpRequest request{.url = server.url(), .headers = {{"Authorization", "Bearer secret"}}};
  EXPECT_EQ(HttpClient().send(request).body, "there");
  EXPECT_TRUE(server.requests().at(0).headers.contains("authorization"));
  EXPECT_FALSE(other.requests().at(0).headers.contains("authorization"));

  request.follows_redirects = false;
  EXPECT_EQ(HttpClient().send(request).status, 302);
}

TEST(HttpClient, server_errors_are_tried_again_until_one_attempt_succeeds) {
  std::atomic<int> calls = 0;
  HttpServer server([&](const ServedRequest&) { return ServedReply{++calls < 3 ? 503 : 200, {}, "done"}; });
  EXPECT_EQ(HttpClient(impatient()).send({.url = server.url()}).body, "done");
  EXPECT_EQ(calls, 3);
}

TEST(HttpClient, the_last_attempt_s_response_is_returned) {
  HttpServer server([](const ServedRequest&) { return ServedReply{500, {}, "broken"}; });
  EXPECT_EQ(HttpClient(impatient()).send({.url = server.url()}).status, 500);
  EXPECT_EQ(server.requests().size(), static_cast<size_t>(impatient().max_attempts));
}

TEST(HttpClient, a_cut_body_is_fetched_again_when_nobody_has_seen_it) {
  std::atomic<int> calls = 0;
  HttpServer server([&](const ServedRequest&) {
    return ServedReply{200, {}, "whole", ++calls == 1 ? std::optional<size_t>(2) : std::nullopt};
  });
  EXPECT_EQ(HttpClient(impatient()).send({.url = server.url()}).body, "whole");
}

TEST(HttpClient, a_cut_body_that_a_sink_has_seen_is_an_error) {
  HttpServer server([](const ServedRequest&) { return ServedReply{200, {}, "whole", 2}; });
  std::string received;
  auto sink = [&](const HttpResponse&, std::span<const std::byte> bytes) {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_ERROR(ErrorCode::Unavailable, "IO error: request failed: " + server.url(),
               HttpClient(impatient()).send({.url = server.url()}, sink));
  EXPECT_EQ(received, "wh");
}

TEST(HttpClient, a_post_sends_its_body_with_every_attempt) {
  std::atomic<int> calls = 0;
  HttpServer server(
      [&](const ServedRequest&) { return ServedReply{++calls == 1 ? 503 : 200, {}, "got it"}; });
  const std::string body(3'000'000, 'x');
  HttpRequest request{.method = HttpRequest::Method::Post, .url = server.url(), .body = body};
  EXPECT_EQ(HttpClient(impatient()).send(request).body, "got it");
  for (const ServedRequest& served : server.requests()) {
    EXPECT_EQ(served.method, "POST");
    EXPECT_EQ(served.body, body);
    EXPECT_FALSE(served.headers.contains("expect"));
  }
}

TEST(HttpClient, retry_after_is_obeyed_up_to_the_longest_backoff) {
  std::atomic<int> calls = 0;
  HttpServer server([&](const ServedRequest&) {
    return ServedReply{++calls == 1 ? 429 : 200, {{"Retry-After", "3600"}}, "done"};
  });
  HttpOptions options = impatient();
  options.longest_backoff = std::chrono::seconds(1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(HttpClient(options).send({.url = server.url()}).body, "done");
  EXPECT_GE(std::chrono::steady_clock::now() - began, options.longest_backoff);
}

TEST(HttpClient, a_request_that_takes_too_long_is_given_up) {
  std::latch is_over(1);
  HttpServer server([&](const ServedRequest&) {
    is_over.wait();
    return ServedReply{};
  });
  HttpOptions options = impatient();
  options.request_timeout = std::chrono::milliseconds(50);
  EXPECT_ERROR(ErrorCode::Unavailable, "request failed: " + server.url(),
               HttpClient(options).send({.url = server.url()}));
  is_over.count_down();
  EXPECT_EQ(server.requests().size(), 1u) << "it was tried again";
}

TEST(HttpClient, a_response_that_is_too_large_is_refused) {
  HttpServer server([](const ServedRequest&) { return ServedReply{200, {}, std::string(100'000, 'x')}; });
  HttpRequest request{.url = server.url(), .max_body_bytes = 99'999};
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "response is larger than 99999 bytes: " + server.url(),
               HttpClient(impatient()).send(request));
  request.max_body_bytes = 100'000;
  EXPECT_EQ(HttpClient(impatient()).send(request).body.size(), 100'000u);
}

TEST(HttpClient, an_unreachable_server_is_named) {
  std::string url;
  {
    HttpServer server([](const ServedRequest&) { return ServedReply{}; });
    url = server.url();
  }
  EXPECT_ERROR(ErrorCode::Unavailable, "request failed: " + url, HttpClient(impatient()).send({.url = url}));
}

TEST(HttpClient, other_protocols_are_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not an HTTP address: file:///etc/passwd",
               HttpClient().send({.url = "file:///etc/passwd"}));
}

TEST(HttpClient, an_exception_of_the_sink_reaches_the_caller) {
  HttpServer server([](const ServedRequest&) { return ServedReply{200, {}, "hello"}; });
  auto sink = [](const HttpResponse&, std::span<const std::byte>) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io, "disk full");
  };
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "disk full", HttpClient().send({.url = server.url()}, sink));
}

TEST(HttpClient, a_stop_request_ends_the_transfer) {
  std::stop_source stop;
  HttpServer server([&](const ServedRequest&) { return ServedReply{200, {}, std::string(10'000'000, 'x')}; });
  auto sink = [&](const HttpResponse&, std::span<const std::byte>) { stop.request_stop(); };
  EXPECT_ERROR(ErrorCode::Cancelled, "request cancelled",
               HttpClient().send({.url = server.url()}, sink, stop.get_token()));
  EXPECT_ERROR(ErrorCode::Cancelled, "request cancelled",
               HttpClient().send({.url = server.url()}, {}, stop.get_token()));
}

TEST(HttpClient, a_stop_request_ends_the_wait_for_an_answer) {
  std::latch is_over(1);
  std::stop_source stop;
  HttpServer server([&](const ServedRequest&) {
    stop.request_stop();
    is_over.wait();
    return ServedReply{};
  });
  EXPECT_ERROR(ErrorCode::Cancelled, "request cancelled: " + server.url(),
               HttpClient().send({.url = server.url()}, {}, stop.get_token()));
  is_over.count_down();
}

TEST(HttpClient, a_stop_request_ends_the_pause_before_the_next_attempt) {
  std::stop_source stop;
  HttpServer server([](const ServedRequest&) { return ServedReply{503, {{"Retry-After", "3600"}}, ""}; });
  HttpOptions options;
  options.longest_backoff = std::chrono::hours(1);
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_ERROR(ErrorCode::Cancelled, "request cancelled",
               HttpClient(options).send({.url = server.url()}, {}, stop.get_token()));
}

}  // namespace
}  // namespace jammi::io
