#include "model/http_embedder.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/hash.h"
#include "model/embedding_response.h"
#include "nn/batch.h"

namespace jammi::model {
namespace {

using nlohmann::json;

/// Connections kept open; more calls than this at once make their own.
constexpr size_t kMaxIdleClients = 8;

/// Of an answer, beside one of these for each text: room for 40,000 numbers in full length.
constexpr size_t kMaxBytesPerText = size_t{1} << 20;

constexpr std::string_view kFirstText = "width";

/// A shorter value of a header is no secret, and taking it out of texts would garble them.
constexpr size_t kShortestSecret = 4;

/// The characters of a token (RFC 9110, 5.6.2).
bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c));
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
}

bool is_content_type(std::string_view name) {
  return std::ranges::equal(name, std::string_view("content-type"),
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

Error backend_error(ErrorCode code, const std::string& message) {
  return Error(code, ErrorCategory::Backend, message);
}

/// Whether the server takes offence at some of the texts, or at their number.
bool is_refusal_of_texts(long status) {
  return status == 400 || status == 413 || status == 422;
}

/// `text` with what is not UTF-8 replaced.
std::string repaired(const std::string& text) {
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

HttpModelOptions http_model_options(const Config::InferenceHttp& config) {
  for (const auto& [name, value] : config.headers) {
    if (!is_header_name(name) || !is_header_value(value)) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Config,
                  "inference.http.headers has a name or value with characters that HTTP forbids: " + name);
    }
  }
  HttpModelOptions options;
  options.headers = config.headers;
  options.http.request_timeout = std::chrono::seconds(config.timeout_secs);
  return options;
}

struct HttpEmbedder::State {
  std::string id;
  std::string url;
  std::string model_name;
  HttpModelOptions options;
  size_t dimensions = 0;
  ModelIdentity identity;

  std::mutex mutex;
  std::vector<std::unique_ptr<io::HttpClient>> idle_clients;  ///< guarded by mutex

  State(const ModelSource& source, HttpModelOptions model_options)
      : id(source.id), options(std::move(model_options)) {
    const size_t hash = id.find('#');
    std::string base = id.substr(0, hash);
    while (base.ends_with('/')) base.pop_back();
    url = base + "/v1/embeddings";
    if (hash != std::string::npos) model_name = id.substr(hash + 1);
  }

  io::HttpResponse post(std::span<const std::string_view> texts, std::stop_token stop);
  EmbeddingResponse read(const io::HttpResponse& response, size_t num_texts) const;
  std::unique_ptr<io::HttpClient> take_client();
  std::string without_secrets(std::string text) const;
};

std::unique_ptr<io::HttpClient> HttpEmbedder::State::take_client() {
  std::lock_guard lock(mutex);
  if (idle_clients.empty()) return std::make_unique<io::HttpClient>(options.http);
  auto client = std::move(idle_clients.back());
  idle_clients.pop_back();
  return client;
}

/// A server may repeat in an error what it was sent.
std::string HttpEmbedder::State::without_secrets(std::string text) const {
  for (const auto& [name, value] : options.headers) {
    const std::string_view token = std::string_view(value).substr(value.rfind(' ') + 1);
    if (token.size() >= kShortestSecret) replace_all(text, token, "***");
  }
  return text;
}

io::HttpResponse HttpEmbedder::State::post(std::span<const std::string_view> texts, std::stop_token stop) {
  io::HttpRequest request{.method = io::HttpRequest::Method::Post, .url = url};
  request.headers.assign(options.headers.begin(), options.headers.end());
  if (std::ranges::none_of(options.headers, is_content_type,
                           &std::pair<const std::string, std::string>::first)) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  request.follows_redirects = false;
  request.body =
      json{{"input", texts}, {"model", model_name}}.dump(-1, ' ', false, json::error_handler_t::replace);
  request.max_body_bytes = (texts.size() + 1) * kMaxBytesPerText;
  try {
    std::unique_ptr<io::HttpClient> client = take_client();
    io::HttpResponse response = client->send(request, {}, std::move(stop));
    std::lock_guard lock(mutex);
    if (idle_clients.size() < kMaxIdleClients) idle_clients.push_back(std::move(client));
    return response;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled) throw;
    throw backend_error(error.code(), "HTTP embedding request failed: " + error.message());
  }
}

EmbeddingResponse HttpEmbedder::State::read(const io::HttpResponse& response, size_t num_texts) const {
  if (response.status < 200 || response.status >= 300) {
    const bool is_busy = response.status == 429 || response.status >= 500;
    throw backend_error(is_busy ? ErrorCode::Unavailable : ErrorCode::InvalidArgument,
                        "HTTP embedding request returned " + std::to_string(response.status) + ": " +
                            without_secrets(repaired(response.body)));
  }
  try {
    return parse_embedding_response(response.body, num_texts);
  } catch (const Error& error) {
    throw backend_error(error.code(), without_secrets(repaired(error.message())));
  }
}

HttpEmbedder::HttpEmbedder(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpEmbedder::~HttpEmbedder() = default;

std::shared_ptr<const HttpEmbedder> HttpEmbedder::connect(const ModelSource& source, HttpModelOptions options,
                                                          std::stop_token stop) {
  auto state = std::make_unique<State>(source, std::move(options));
  const EmbeddingResponse first =
      state->read(state->post(std::span(&kFirstText, 1), std::move(stop)), /*num_texts=*/1);
  if (!first.vectors[0]) {
    throw backend_error(ErrorCode::DataCorruption,
                        "Failed to parse embedding response: no vector for a text");
  }
  state->dimensions = first.vectors[0]->size();
  state->identity.digest = base::sha256_hex("http " + state->url + "\nmodel " + state->model_name +
                                            "\ndimensions " + std::to_string(state->dimensions) + "\n");
  state->identity.precision = "remote";
  return std::shared_ptr<const HttpEmbedder>(new HttpEmbedder(std::move(state)));
}

const std::string& HttpEmbedder::model_id() const noexcept {
  return state_->id;
}

size_t HttpEmbedder::dimensions() const noexcept {
  return state_->dimensions;
}

const ModelIdentity& HttpEmbedder::identity() const {
  return state_->identity;
}

RemoteVectors HttpEmbedder::embed(std::span<const std::string_view> texts, std::stop_token stop) const {
  const io::HttpResponse answer = state_->post(texts, stop);
  if (texts.size() > 1 && is_refusal_of_texts(answer.status)) return embed_in_halves(texts, stop);
  const EmbeddingResponse response = state_->read(answer, texts.size());
  const size_t width = dimensions();
  RemoteVectors remote{.vectors = std::vector<float>(texts.size() * width),
                       .errors = std::vector<std::string>(texts.size()),
                       .num_tokens = response.num_tokens};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::optional<std::vector<float>>& vector = response.vectors[i];
    if (!vector) {
      remote.errors[i] = "The server gave no vector for this text";
    } else if (vector->size() != width) {
      remote.errors[i] =
          "The server gave a vector of another width than before: " + std::to_string(vector->size()) +
          " instead of " + std::to_string(width);
    } else {
      std::ranges::copy(*vector, remote.vectors.begin() + static_cast<ptrdiff_t>(i * width));
    }
  }
  nn::normalize_rows(remote.vectors, width);
  return remote;
}

RemoteVectors HttpEmbedder::embed_in_halves(std::span<const std::string_view> texts,
                                            const std::stop_token& stop) const {
  RemoteVectors all = embed_half(texts.first(texts.size() / 2), stop);
  RemoteVectors rest = embed_half(texts.subspan(texts.size() / 2), stop);
  all.vectors.append_range(rest.vectors);
  all.errors.append_range(std::move(rest.errors));
  all.num_tokens += rest.num_tokens;
  return all;
}

RemoteVectors HttpEmbedder::embed_half(std::span<const std::string_view> texts,
                                       const std::stop_token& stop) const {
  try {
    return embed(texts, stop);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled) throw;
    return {.vectors = std::vector<float>(texts.size() * dimensions()),
            .errors = std::vector<std::string>(texts.size(), error.what())};
  }
}

std::vector<float> HttpEmbedder::embed_query(std::string_view text, std::stop_token stop) const {
  RemoteVectors remote = embed(std::span(&text, 1), std::move(stop));
  if (!remote.errors[0].empty()) throw backend_error(ErrorCode::DataCorruption, remote.errors[0]);
  return std::move(remote.vectors);
}

}  // namespace jammi::model
