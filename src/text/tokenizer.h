#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jammi::text {

/// The part of a text that a token came from, in code points, end exclusive; {0, 0} for special tokens.
struct CharacterSpan {
  int32_t begin = 0;
  int32_t end = 0;

  bool operator==(const CharacterSpan&) const = default;
};

/// Token ids of several texts laid end to end. Text i is token_ids[offsets[i] .. offsets[i + 1]).
struct TokenBatch {
  std::vector<int32_t> token_ids;
  std::vector<int32_t> offsets{0};   ///< num_texts() + 1 ascending positions
  std::vector<CharacterSpan> spans;  ///< one per token where they were asked for

  size_t num_texts() const { return offsets.size() - 1; }
  size_t num_tokens() const { return token_ids.size(); }
};

/// A Hugging Face tokenizer (tokenizer.json), or CLIP's (bpe_simple_vocab_16e6.txt.gz). Immutable and
/// thread-safe; each call runs on the calling thread only. Texts are UTF-8; an invalid sequence counts as
/// U+FFFD. Truncation and padding settings of the file are ignored.
class Tokenizer {
 public:
  /// Reads a tokenizer.json, or CLIP's merges where the name ends in .gz. Throws Model errors that name the
  /// file: NotFound when it cannot be opened, DataCorruption when it is not a tokenizer.
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& path);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Tokenizes with special tokens and cuts each text to `max_tokens`, which must leave room for the special
  /// tokens (InvalidArgument otherwise). Never pads.
  TokenBatch encode_batch(std::span<const std::string_view> texts, size_t max_tokens) const;

  /// As `encode_batch`, with spans.
  TokenBatch encode_batch_with_spans(std::span<const std::string_view> texts, size_t max_tokens) const;

  /// One more than the largest token id.
  size_t vocab_size() const noexcept;

  std::optional<int32_t> token_to_id(std::string_view token) const;

 private:
  struct Handle;
  explicit Tokenizer(std::unique_ptr<Handle> handle);
  TokenBatch encode(std::span<const std::string_view> texts, size_t max_tokens, bool with_spans) const;

  std::unique_ptr<Handle> handle_;
};

}  // namespace jammi::text
