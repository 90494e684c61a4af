#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace jammi::text {

/// A gzip file's contents. Throws Model errors that name it: NotFound when it cannot be read, DataCorruption
/// when it is not gzip or holds more than 16 MiB.
std::string read_gzip(const std::filesystem::path& path);

/// The tokenizer of CLIP as a tokenizer.json, made of the merges file that OpenCLIP ships
/// (bpe_simple_vocab_16e6.txt: one header line, then a pair of pieces per line). Texts are composed (NFC),
/// lower-cased, their blanks made single spaces, and their UTF-8 bytes mapped to 256 printable characters;
/// ids count the characters, the characters at the end of a word, the merges, and then the start and the end
/// of a text. Throws Model DataCorruption naming `where` and the line that is no pair of known pieces.
std::string clip_tokenizer_json(std::string_view merges, const std::string& where);

}  // namespace jammi::text
