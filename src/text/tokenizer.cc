#include "text/tokenizer.h"

#include <fstream>
#include <utility>

#include <jammi/error.h>

#include "text/clip_vocabulary.h"
#include "text/tokenizers/c_api.h"

namespace jammi::text {
namespace {

struct ErrorDeleter {
  void operator()(char* error) const { jammi_tokenizer_free_error(error); }
};

/// The error text of a C call, null when it succeeded.
using ErrorText = std::unique_ptr<char, ErrorDeleter>;

jammi_tokenizer_text as_text(std::string_view text) {
  return {text.data(), text.size()};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  std::string bytes(is_file ? std::filesystem::file_size(path, error) : 0, '\0');
  if (!is_file || error || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model, "cannot read tokenizer: " + path.string());
  }
  return bytes;
}

}  // namespace

struct Tokenizer::Handle {
  jammi_tokenizer* tokenizer = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (tokenizer != nullptr) jammi_tokenizer_free(tokenizer);
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Tokenizer::~Tokenizer() = default;

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& path) {
  const bool is_clip = path.extension() == ".gz";
  const std::string json = is_clip ? clip_tokenizer_json(read_gzip(path), path.string()) : read_file(path);
  auto handle = std::make_unique<Handle>();
  ErrorText error(
      jammi_tokenizer_load(reinterpret_cast<const uint8_t*>(json.data()), json.size(), &handle->tokenizer));
  if (error) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "not a tokenizer: " + path.string() + ": " + error.get());
  }
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(handle)));
}

TokenBatch Tokenizer::encode_batch(std::span<const std::string_view> texts, size_t max_tokens) const {
  return encode(texts, max_tokens, /*with_spans=*/false);
}

TokenBatch Tokenizer::encode_batch_with_spans(std::span<const std::string_view> texts,
                                              size_t max_tokens) const {
  return encode(texts, max_tokens, /*with_spans=*/true);
}

TokenBatch Tokenizer::encode(std::span<const std::string_view> texts, size_t max_tokens,
                             bool with_spans) const {
  std::vector<jammi_tokenizer_text> views;
  views.reserve(texts.size());
  for (std::string_view text : texts) views.push_back(as_text(text));

  jammi_tokenizer_batch raw{};
  ErrorText error(
      jammi_tokenizer_encode(handle_->tokenizer, views.data(), views.size(), max_tokens, with_spans, &raw));
  if (error) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model,
                std::string("cannot tokenize: ") + error.get());
  }
  std::unique_ptr<jammi_tokenizer_batch, decltype(&jammi_tokenizer_free_batch)> owner(
      &raw, &jammi_tokenizer_free_batch);

  TokenBatch batch;
  batch.token_ids.assign(raw.token_ids, raw.token_ids + raw.num_tokens);
  batch.offsets.insert(batch.offsets.end(), raw.ends, raw.ends + raw.num_texts);
  if (with_spans) {
    batch.spans.resize(raw.num_tokens);
    for (size_t i = 0; i < raw.num_tokens; ++i) batch.spans[i] = {raw.spans[2 * i], raw.spans[2 * i + 1]};
  }
  return batch;
}

size_t Tokenizer::vocab_size() const noexcept {
  return jammi_tokenizer_vocab_size(handle_->tokenizer);
}

std::optional<int32_t> Tokenizer::token_to_id(std::string_view token) const {
  int64_t id = jammi_tokenizer_token_to_id(handle_->tokenizer, as_text(token));
  if (id < 0) return std::nullopt;
  return static_cast<int32_t>(id);
}

}  // namespace jammi::text
