#include "io/http_client.h"

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>

#include <jammi/error.h>

#include "io/curl_library.h"

namespace jammi::io {
namespace {

constexpr size_t kMaxErrorBody = size_t{64} << 10;
constexpr long kMaxRedirects = 10;
constexpr int kPollMilliseconds = 1000;  // between two looks; a stop request or a byte ends it early

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
  const auto append = [&](const std::string& line) {
    list.reset(curl_library().slist_append(list.release(), line.c_str()));
  };
  for (const auto& [name, value] : request.headers) append(name + ": " + value);
  if (request.method == HttpRequest::Method::Post) append("Expect:");  // or a large body waits for a go-ahead
  return list;
}

/// One attempt, reached from libcurl's callbacks. Exceptions must not pass through libcurl: they are kept
/// here and thrown again afterwards.
struct Transfer {
  const HttpRequest& request;
  const HttpSink& sink;
  HttpResponse response = {};
  bool has_delivered = false;
  std::exception_ptr failure = nullptr;
  CURLcode code = CURLE_OK;
  std::chrono::seconds retry_after{0};  ///< what the response asks for
  bool is_overdue = false;

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
    if (is_success(response.status) && sink) {
      has_delivered = true;
      sink(response, bytes);
    } else if (is_success(response.status)) {
      if (bytes.size() > request.max_body_bytes - response.body.size()) {
        throw Error(
            ErrorCode::ResourceExhausted, ErrorCategory::Io,
            "response is larger than " + std::to_string(request.max_body_bytes) + " bytes: " + request.url);
      }
      keep(bytes);
    } else {
      keep(bytes.first(std::min(bytes.size(), kMaxErrorBody - response.body.size())));
    }
  }

  void keep(std::span<const std::byte> bytes) {
    response.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
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
  CURLM* multi = nullptr;  // keeps the connections

  ~State() {
    library.easy_cleanup(curl);
    library.multi_cleanup(multi);
  }

  void prepare(const HttpRequest& request, curl_slist* headers, Transfer& transfer);
  CURLcode run(const std::stop_token& stop);
  Transfer attempt(const HttpRequest& request, const HttpSink& sink, const std::stop_token& stop);
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
  if (request.method == HttpRequest::Method::Post) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.first_byte > 0) {
    set(CURLOPT_RANGE, (std::to_string(request.first_byte) + "-").c_str());
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.request_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  if (const char* bundle = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, bundle);
  set(CURLOPT_HEADERFUNCTION, header_callback);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, body_callback);
  set(CURLOPT_WRITEDATA, &transfer);
}

/// Runs the prepared transfer to its end or to a stop request, whichever comes first.
CURLcode HttpClient::State::run(const std::stop_token& stop) {
  library.multi_add_handle(multi, curl);
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  {
    const std::stop_callback wake(stop, [this] { library.multi_wakeup(multi); });
    int num_running = 1;
    CURLMcode code = CURLM_OK;
    while (code == CURLM_OK && num_running > 0 && !stop.stop_requested()) {
      code = library.multi_perform(multi, &num_running);
      if (code == CURLM_OK && num_running > 0) {
        code = library.multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
      }
    }
    int num_left = 0;
    if (code != CURLM_OK) {
      result = CURLE_OUT_OF_MEMORY;
    } else if (const CURLMsg* message = library.multi_info_read(multi, &num_left)) {
      result = message->data.result;
    }
  }
  library.multi_remove_handle(multi, curl);
  return result;
}

Transfer HttpClient::State::attempt(const HttpRequest& request, const HttpSink& sink,
                                    const std::stop_token& stop) {
  const auto began = std::chrono::steady_clock::now();
  Transfer transfer{.request = request, .sink = sink};
  const HeaderList headers = make_header_list(request);
  prepare(request, headers.get(), transfer);
  transfer.code = run(stop);
  transfer.is_overdue = options.request_timeout.count() > 0 &&
                        std::chrono::steady_clock::now() - began >= options.request_timeout;
  curl_off_t retry_after = 0;
  library.easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
  transfer.retry_after = std::chrono::seconds(retry_after);
  return transfer;
}

HttpClient::HttpClient(HttpOptions options) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->curl = state_->library.easy_init();
  state_->multi = state_->library.multi_init();
  if (state_->curl == nullptr || state_->multi == nullptr) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io, "libcurl cannot make a handle");
  }
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, const HttpSink& sink, std::stop_token stop) {
  const HttpOptions& options = state_->options;
  std::chrono::milliseconds backoff = options.first_backoff;
  for (int attempt = 1;; ++attempt) {
    Transfer transfer = state_->attempt(request, sink, stop);
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    if (stop.stop_requested()) throw cancelled(request);
    const CURLcode code = transfer.code;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Io, "not an HTTP address: " + request.url);
    }
    const bool is_last = attempt >= options.max_attempts || transfer.is_overdue || transfer.has_delivered;
    if (code == CURLE_OK && (is_last || !is_worth_retrying(transfer.response.status))) {
      return std::move(transfer.response);
    }
    if (is_last) {
      throw Error(ErrorCode::Unavailable, ErrorCategory::Io,
                  "request failed: " + request.url + ": " + state_->library.easy_strerror(code));
    }
    pause(std::min<std::chrono::milliseconds>(
              std::max<std::chrono::milliseconds>(backoff, transfer.retry_after), options.longest_backoff),
          stop);
    if (stop.stop_requested()) throw cancelled(request);
    backoff *= 2;
  }
}

}  // namespace jammi::io
