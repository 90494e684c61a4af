#include "text/clip_vocabulary.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <nlohmann/json.hpp>

#include <jammi/error.h>

namespace jammi::text {
namespace {

using nlohmann::json;

constexpr int64_t kMaxBytes = int64_t{16} << 20;
constexpr size_t kMaxMerges = 49152 - 256 - 2;
constexpr std::string_view kWordEnd = "</w>";
constexpr const char* kStartOfText = "<|startoftext|>";
constexpr const char* kEndOfText = "<|endoftext|>";
constexpr const char* kWordPattern =
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";

Error corrupt(const std::string& problem, const std::string& where) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Model, problem + ": " + where);
}

arrow::Result<std::string> decompress(const std::filesystem::path& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path.string()));
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
  ARROW_ASSIGN_OR_RAISE(auto stream, arrow::io::CompressedInputStream::Make(codec.get(), file));
  ARROW_ASSIGN_OR_RAISE(auto buffer, stream->Read(kMaxBytes + 1));
  return buffer->ToString();
}

std::string utf8(uint32_t character) {
  if (character < 0x80) return {static_cast<char>(character)};
  return {static_cast<char>(0xC0 | (character >> 6)), static_cast<char>(0x80 | (character & 0x3F))};
}

/// The characters that stand for bytes, in the order of their ids: first the printable bytes as themselves,
/// then the others as the characters from U+0100 on.
std::vector<std::string> byte_characters() {
  const auto is_printable = [](uint32_t byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
  };
  std::vector<std::string> characters;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    if (is_printable(byte)) characters.push_back(utf8(byte));
  }
  const auto num_printable = static_cast<uint32_t>(characters.size());
  for (uint32_t i = 0; i < 256 - num_printable; ++i) characters.push_back(utf8(0x100 + i));
  return characters;
}

/// The pairs of pieces that the file lists below its header.
std::vector<std::pair<std::string, std::string>> parse_merges(std::string_view text,
                                                              const std::string& where) {
  std::vector<std::pair<std::string, std::string>> merges;
  size_t line_number = 0;
  while (!text.empty() && merges.size() < kMaxMerges) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (++line_number == 1 || line.empty()) continue;
    const size_t blank = line.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank + 1 == line.size()) {
      throw corrupt("not a pair of pieces", where + ": line " + std::to_string(line_number));
    }
    merges.emplace_back(line.substr(0, blank), line.substr(blank + 1));
  }
  return merges;
}

json special_token(const char* content, size_t id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

}  // namespace

std::string read_gzip(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model, "cannot read tokenizer: " + path.string());
  }
  const arrow::Result<std::string> contents = decompress(path);
  if (!contents.ok()) throw corrupt("not a gzip file", path.string());
  if (std::cmp_greater(contents->size(), kMaxBytes))
    throw corrupt("file is larger than 16 MiB", path.string());
  return *contents;
}

std::string clip_tokenizer_json(std::string_view merges_text, const std::string& where) {
  const auto merges = parse_merges(merges_text, where);
  json vocabulary = json::object();
  const auto add = [&](const std::string& piece) { vocabulary.emplace(piece, vocabulary.size()); };
  const std::vector<std::string> characters = byte_characters();
  for (const std::string& character : characters) add(character);
  for (const std::string& character : characters) add(character + std::string(kWordEnd));
  for (const auto& [left, right] : merges) {
    if (!vocabulary.contains(left) || !vocabulary.contains(right)) {
      throw corrupt("merge of unknown pieces", where + ": " + left + " " + right);
    }
    add(left + right);
  }
  const size_t start = vocabulary.size();
  const size_t end = start + 1;
  add(kStartOfText);
  add(kEndOfText);

  const json tokenizer{{"version", "1.0"},
                       {"truncation", nullptr},
                       {"padding", nullptr},
                       {"added_tokens", {special_token(kStartOfText, start), special_token(kEndOfText, end)}},
                       {"normalizer",
                        {{"type", "Sequence"},
                         {"normalizers",
                          {{{"type", "NFC"}},
                           {{"type", "Replace"}, {"pattern", {{"Regex", "\\s+"}}}, {"content", " "}},
                           {{"type", "Lowercase"}}}}}},
                       {"pre_tokenizer",
                        {{"type", "Sequence"},
                         {"pretokenizers",
                          {{{"type", "Split"},
                            {"pattern", {{"Regex", kWordPattern}}},
                            {"behavior", "Removed"},
                            {"invert", true}},
                           {{"type", "ByteLevel"},
                            {"add_prefix_space", false},
                            {"trim_offsets", true},
                            {"use_regex", true}}}}}},
                       {"post_processor",
                        {{"type", "RobertaProcessing"},
                         {"sep", {kEndOfText, end}},
                         {"cls", {kStartOfText, start}},
                         {"trim_offsets", false},
                         {"add_prefix_space", false}}},
                       {"decoder", nullptr},
                       {"model",
                        {{"type", "BPE"},
                         {"dropout", nullptr},
                         {"unk_token", kEndOfText},
                         {"continuing_subword_prefix", ""},
                         {"end_of_word_suffix", kWordEnd},
                         {"fuse_unk", false},
                         {"byte_fallback", false},
                         {"ignore_merges", false},
                         {"vocab", vocabulary},
                         {"merges", merges}}}};
  return tokenizer.dump();
}

}  // namespace jammi::text
