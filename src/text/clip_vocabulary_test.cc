#include "text/clip_vocabulary.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "text/tokenizer.h"

namespace jammi::text {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::ElementsAre;

/// Small enough to count ids by hand: merges have the ids 512, 513, ...; then come start and end of text.
constexpr std::string_view kMerges = "#version: 0.2\nt h\nth e</w>\ns e\nse a</w>\n";
constexpr int32_t kThe = 513;
constexpr int32_t kSea = 515;
constexpr int32_t kStart = 516;
constexpr int32_t kEnd = 517;

/// The id of a printable byte inside a word, and at its end.
constexpr int32_t inside(char c) {
  return c - '!';
}
constexpr int32_t at_end(char c) {
  return 256 + c - '!';
}

class ClipVocabularyTest : public ::testing::Test {
 protected:
  /// Writes a tokenizer.json, which is what the loader makes of the .gz file.
  std::shared_ptr<const Tokenizer> load(std::string_view merges = kMerges) {
    const std::filesystem::path path = directory_.path() / "tokenizer.json";
    std::ofstream(path) << clip_tokenizer_json(merges, "merges");
    return Tokenizer::load(path);
  }
  std::vector<int32_t> encode(std::string_view text, size_t max_tokens = 77) {
    return load()->encode_batch(std::span(&text, 1), max_tokens).token_ids;
  }

  TemporaryDirectory directory_;
};

TEST_F(ClipVocabularyTest, words_become_merged_pieces_between_start_and_end) {
  EXPECT_EQ(load()->vocab_size(), 518u);
  EXPECT_THAT(encode("the sea"), ElementsAre(kStart, kThe, kSea, kEnd));
  EXPECT_THAT(encode("tea"), ElementsAre(kStart, inside('t'), inside('e'), at_end('a'), kEnd));
}

TEST_F(ClipVocabularyTest, case_and_blanks_do_not_matter) {
  EXPECT_THAT(encode("  THE \t\n  Sea "), ElementsAre(kStart, kThe, kSea, kEnd));
}

TEST_F(ClipVocabularyTest, bytes_beyond_ascii_have_characters_of_their_own) {
  // U+00E9 is C3 A9: the printable bytes from A1 on follow the 94 of ASCII, AD is left out.
  EXPECT_THAT(encode("\u00E9"), ElementsAre(kStart, 94 + 0xC3 - 0xA1 - 1, 256 + 94 + 0xA9 - 0xA1, kEnd));
  EXPECT_EQ(encode("e\u0301"), encode("\u00E9"));
}

TEST_F(ClipVocabularyTest, apostrophes_digits_and_punctuation_end_words) {
  EXPECT_THAT(encode("a's 12!?"), ElementsAre(kStart, at_end('a'), inside('\''), at_end('s'), at_end('1'),
                                              at_end('2'), inside('!'), at_end('?'), kEnd));
}

TEST_F(ClipVocabularyTest, long_texts_keep_their_end) {
  EXPECT_THAT(encode("the the the the", 4), ElementsAre(kStart, kThe, kThe, kEnd));
}

TEST_F(ClipVocabularyTest, special_tokens_in_a_text_are_themselves) {
  EXPECT_THAT(encode("the<|endoftext|>sea"), ElementsAre(kStart, kThe, kEnd, kSea, kEnd));
}

TEST_F(ClipVocabularyTest, merges_that_make_no_vocabulary_are_refused) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a pair of pieces: merges: line 3",
               clip_tokenizer_json("header\nt h\nthe\n", "merges"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "merge of unknown pieces: merges: th e",
               clip_tokenizer_json("header\nth e\n", "merges"));
}

/// kMerges as gzip writes it.
constexpr unsigned char kCompressedMerges[] = {
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x53, 0x2E, 0x4B, 0x2D,
    0x2A, 0xCE, 0xCC, 0xCF, 0xB3, 0x52, 0x30, 0xD0, 0x33, 0xE2, 0x2A, 0x51, 0xC8, 0xE0,
    0x2A, 0xC9, 0x50, 0x48, 0xB5, 0xD1, 0x2F, 0xB7, 0xE3, 0x2A, 0x56, 0x48, 0xE5, 0x2A,
    0x4E, 0x55, 0x48, 0x04, 0x73, 0x00, 0xE7, 0x9C, 0x67, 0x54, 0x28, 0x00, 0x00, 0x00};

TEST_F(ClipVocabularyTest, the_file_that_open_clip_ships_is_a_tokenizer) {
  const std::filesystem::path path = directory_.path() / "bpe_simple_vocab_16e6.txt.gz";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(kCompressedMerges), sizeof kCompressedMerges);
  EXPECT_EQ(read_gzip(path), kMerges);
  const std::string_view text = "The sea";
  EXPECT_THAT(Tokenizer::load(path)->encode_batch({&text, 1}, 77).token_ids,
              ElementsAre(kStart, kThe, kSea, kEnd));
}

TEST_F(ClipVocabularyTest, files_that_are_not_gzip_are_refused) {
  const std::filesystem::path path = directory_.path() / "bpe_simple_vocab_16e6.txt.gz";
  EXPECT_ERROR(ErrorCode::NotFound, "cannot read tokenizer: " + path.string(), Tokenizer::load(path));
  std::ofstream(path) << "plain text";
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a gzip file: " + path.string(), Tokenizer::load(path));
}

}  // namespace
}  // namespace jammi::text
