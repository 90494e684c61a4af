#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace jammi::io {

struct HttpOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{60};  ///< a transfer that moves no byte for this long fails
  std::chrono::milliseconds request_timeout{
      0};                ///< of one attempt, 0: none; one that takes longer is the last
  int max_attempts = 4;  ///< first try included
  std::chrono::milliseconds first_backoff{500};  ///< doubled after every failed attempt
  std::chrono::seconds longest_backoff{60};      ///< whatever the server's Retry-After asks for
};

struct HttpRequest {
  enum class Method { Get, Head, Post };

  Method method = Method::Get;
  std::string url;  ///< http or https
  std::vector<std::pair<std::string, std::string>> headers =
      {};                   ///< Authorization never reaches another host
  uint64_t first_byte = 0;  ///< asks for the body from this byte on
  bool follows_redirects = true;
  std::string body = {};  ///< of a Post, which may be sent more than once
  size_t max_body_bytes =
      std::numeric_limits<size_t>::max();  ///< of a successful response that no sink receives
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case; of the last response after redirects
  std::string body;  ///< without a sink; of an unsuccessful response, at most 64 KiB
};

/// Receives the body of a successful (2xx) response piece by piece; `head` is the response without its body.
/// What it throws ends the request and reaches the caller.
using HttpSink = std::function<void(const HttpResponse& head, std::span<const std::byte> bytes)>;

/// HTTP over libcurl with the system's certificates (or $SSL_CERT_FILE) and proxy settings. Keeps connections
/// open between requests. Not thread-safe; make one per thread.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends a request and returns any response, whatever its status. Connection failures, 429 and 5xx are
  /// tried again with growing pauses, at least as long as the response's Retry-After, unless `sink` has
  /// already received bytes. Throws Io errors that name the URL: Unavailable when no complete response came,
  /// ResourceExhausted for one that is too large, InvalidArgument for a malformed URL, Cancelled on a stop
  /// request, which ends transfers and pauses at once.
  HttpResponse send(const HttpRequest& request, const HttpSink& sink = {}, std::stop_token stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jammi::io
