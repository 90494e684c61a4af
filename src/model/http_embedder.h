#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "io/http_client.h"
#include "model/embedding_model.h"
#include "model/model.h"
#include "model/resolver.h"

namespace jammi::model {

/// How requests are sent to the server of an HTTP model.
struct HttpModelOptions {
  std::map<std::string, std::string> headers = {};  ///< of every request; their values are never shown
  io::HttpOptions http = {};
};

/// The options of a configuration. Throws Config InvalidArgument naming a header that HTTP forbids.
HttpModelOptions http_model_options(const Config::InferenceHttp& config);

/// The vectors of several texts.
struct RemoteVectors {
  std::vector<float> vectors;       ///< [texts, dimensions] row-major, unit length; zeros where there is none
  std::vector<std::string> errors;  ///< why a text has no vector; empty where it has one
  uint64_t num_tokens = 0;          ///< as the server counts; 0 when it does not
};

/// A text embedding model behind a server that speaks OpenAI's embeddings API: POST <base>/v1/embeddings with
/// {"input": [text, ...], "model": name}, where the model is written "<base>#<name>"; without "#" the name is
/// empty and the server chooses. Requests that fail to connect or that the server is too busy for (429, 5xx)
/// are sent again with growing pauses. One whose texts are refused (400, 413, 422) is sent again in halves,
/// down to the texts that are refused alone. Redirects are not followed, for they would carry the headers
/// elsewhere.
class HttpEmbedder final : public Model, public EmbeddingModel {
 public:
  /// Embeds a word to learn the vectors' width. Throws what `embed` throws.
  static std::shared_ptr<const HttpEmbedder> connect(const ModelSource& source, HttpModelOptions options,
                                                     std::stop_token stop = {});
  ~HttpEmbedder() override;

  const std::string& model_id() const noexcept override;
  size_t weight_bytes() const noexcept override { return 0; }
  size_t dimensions() const noexcept override;

  /// Of address, name and width: what the server changes behind them cannot be seen.
  const ModelIdentity& identity() const override;

  std::vector<float> embed_query(std::string_view text, std::stop_token stop) const override;

  /// Sends one request, or several when the texts are refused together: then what one of them fails with is
  /// the error of its texts. Calls at the same time have a connection each. Throws Backend errors, "HTTP
  /// embedding request failed: ...", "HTTP embedding request returned <status>: <body>" and "Failed to parse
  /// embedding response: ...": Unavailable when the server cannot be reached or is too busy, InvalidArgument
  /// when it refuses the request, ResourceExhausted or DataCorruption when its answer is too large or is
  /// none; Cancelled on a stop request.
  RemoteVectors embed(std::span<const std::string_view> texts, std::stop_token stop) const;

 private:
  struct State;
  explicit HttpEmbedder(std::unique_ptr<State> state);

  RemoteVectors embed_in_halves(std::span<const std::string_view> texts, const std::stop_token& stop) const;
  RemoteVectors embed_half(std::span<const std::string_view> texts, const std::stop_token& stop) const;

  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
