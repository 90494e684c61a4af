#include "io/http_client.h"

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>

#include <jammi/error.h>

#include "io/curl_library.h"

namespace jammi::io {
namespace {

constexpr size_t kMaxErrorBody = size_t{64} << 10;
constexpr long kMaxRedirects = 10;

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  return lowered;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

bool is_worth_retrying(int status) {
  return status == 429 || status >= 500;
}

struct HeaderListDeleter {
  void operator()(curl_slist* list) const { curl_library().slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, HeaderListDeleter>;

HeaderList make_header_list(const HttpRequest& request) {
  HeaderList list;
  for (const auto& [name, value] : request.headers) {
    list.reset(curl_library().slist_append(list.release(), (name + ": " + value).c_str()));
  }
  return list;
}

/// One attempt's state, reached from libcurl's callbacks. Exceptions must not pass through libcurl: they are
/// kept here and thrown again afterwards.
struct Transfer {
  const HttpSink& sink;
  std::stop_token stop;
  HttpResponse response;
  bool has_delivered = false;
  std::exception_ptr failure;

  void on_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // a redirect or an interim response begins anew
      response.headers.clear();
      const size_t space = line.find(' ');
      response.status = space == std::string_view::npos ? 0 : std::atoi(line.data() + space);
      return;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    response.headers[lower_case(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }

  void on_body(std::span<const std::byte> bytes) {
    if (!is_success(response.status) || !sink) {
      size_t size = bytes.size();
      if (!is_success(response.status)) size = std::min(size, kMaxErrorBody - response.body.size());
      response.body.append(reinterpret_cast<const char*>(bytes.data()), size);
      return;
    }
    has_delivered = true;
    sink(response, bytes);
  }
};

size_t header_callback(char* data, size_t size, size_t count, void* user) {
  static_cast<Transfer*>(user)->on_header({data, size * count});
  return size * count;
}

size_t body_callback(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  try {
    transfer->on_body(std::as_bytes(std::span(data, size * count)));
    return size * count;
  } catch (...) {
    transfer->failure = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

int progress_callback(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
}

Error cancelled(const HttpRequest& request) {
  return Error(ErrorCode::Cancelled, ErrorCategory::Io, "request cancelled: " + request.url);
}

/// Waits, unless a stop is requested first.
void pause(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

struct HttpClient::State {
  HttpOptions options;
  const CurlLibrary& library = curl_library();
  CURL* curl = nullptr;

  ~State() { library.easy_cleanup(curl); }

  void prepare(const HttpRequest& request, curl_slist* headers, Transfer& transfer);
  /// Performs one attempt. Returns nothing when another is worth making.
  std::optional<HttpResponse> attempt(const HttpRequest& request, const HttpSink& sink, std::stop_token stop,
                                      bool is_last);
};

void HttpClient::State::prepare(const HttpRequest& request, curl_slist* headers, Transfer& transfer) {
  const auto set = [&](CURLoption option, auto value) { library.easy_setopt(curl, option, value); };
  library.easy_reset(curl);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_USERAGENT, "jammi");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_FOLLOWLOCATION, request.follows_redirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, kMaxRedirects);
  set(CURLOPT_NOBODY, request.method == HttpRequest::Method::Head ? 1L : 0L);
  if (request.first_byte > 0) {
    set(CURLOPT_RANGE, (std::to_string(request.first_byte) + "-").c_str());
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  if (const char* bundle = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, bundle);
  set(CURLOPT_HEADERFUNCTION, header_callback);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, body_callback);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, progress_callback);
  set(CURLOPT_XFERINFODATA, &transfer);
}

std::optional<HttpResponse> HttpClient::State::attempt(const HttpRequest& request, const HttpSink& sink,
                                                       std::stop_token stop, bool is_last) {
  Transfer transfer{.sink = sink, .stop = stop, .response = {}, .has_delivered = false, .failure = nullptr};
  HeaderList headers = make_header_list(request);
  prepare(request, headers.get(), transfer);
  const CURLcode code = library.easy_perform(curl);
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (code == CURLE_ABORTED_BY_CALLBACK) throw cancelled(request);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Io, "not an HTTP address: " + request.url);
  }
  if (code == CURLE_OK && (is_last || !is_worth_retrying(transfer.response.status))) {
    return std::move(transfer.response);
  }
  if (is_last || transfer.has_delivered) {
    throw Error(ErrorCode::Unavailable, ErrorCategory::Io,
                "request failed: " + request.url + ": " + library.easy_strerror(code));
  }
  return std::nullopt;
}

HttpClient::HttpClient(HttpOptions options) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->curl = state_->library.easy_init();
  if (state_->curl == nullptr) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io, "libcurl cannot make a handle");
  }
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, const HttpSink& sink, std::stop_token stop) {
  std::chrono::milliseconds backoff = state_->options.first_backoff;
  for (int attempt = 1;; ++attempt) {
    const bool is_last = attempt >= state_->options.max_attempts;
    if (stop.stop_requested()) throw cancelled(request);
    if (auto response = state_->attempt(request, sink, stop, is_last)) return *std::move(response);
    pause(backoff, stop);
    backoff *= 2;
  }
}

}  // namespace jammi::io
