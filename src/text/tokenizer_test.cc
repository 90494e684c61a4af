#include "text/tokenizer.h"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::text {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::ElementsAre;

const std::filesystem::path kTinyBert = std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/tiny_bert";

std::shared_ptr<const Tokenizer> tiny_bert() {
  return Tokenizer::load(kTinyBert / "tokenizer.json");
}

std::vector<int32_t> ids(const Tokenizer& tokenizer, std::initializer_list<std::string_view> tokens) {
  std::vector<int32_t> result;
  for (std::string_view token : tokens) result.push_back(tokenizer.token_to_id(token).value());
  return result;
}

std::vector<int32_t> encode(const Tokenizer& tokenizer, std::string_view text, size_t max_tokens = 512) {
  return tokenizer.encode_batch(std::span(&text, 1), max_tokens).token_ids;
}

TEST(Tokenizer, a_text_becomes_its_pieces_between_special_tokens) {
  auto tokenizer = tiny_bert();
  EXPECT_EQ(encode(*tokenizer, "The patients, running"),
            ids(*tokenizer, {"[CLS]", "the", "patients", ",", "r", "##u", "##n", "##ning", "[SEP]"}));
}

TEST(Tokenizer, texts_of_a_batch_lie_end_to_end) {
  auto tokenizer = tiny_bert();
  std::vector<std::string_view> texts = {"the", "", "the sea"};
  TokenBatch batch = tokenizer->encode_batch(texts, 512);
  EXPECT_EQ(batch.num_texts(), 3u);
  EXPECT_THAT(batch.offsets, ElementsAre(0, 3, 5, 9));
  EXPECT_EQ(batch.token_ids,
            ids(*tokenizer, {"[CLS]", "the", "[SEP]", "[CLS]", "[SEP]", "[CLS]", "the", "sea", "[SEP]"}));
}

TEST(Tokenizer, an_empty_batch_has_no_tokens) {
  TokenBatch batch = tiny_bert()->encode_batch({}, 512);
  EXPECT_EQ(batch.num_texts(), 0u);
  EXPECT_EQ(batch.num_tokens(), 0u);
}

TEST(Tokenizer, truncation_keeps_the_special_tokens) {
  auto tokenizer = tiny_bert();
  EXPECT_EQ(encode(*tokenizer, "the old city and the sea", 4),
            ids(*tokenizer, {"[CLS]", "the", "old", "[SEP]"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "a limit of 2 tokens leaves no room beside 2 special tokens",
               encode(*tokenizer, "the", 2));
}

TEST(Tokenizer, settings_of_the_file_for_truncation_and_padding_are_ignored) {
  std::ifstream original(kTinyBert / "tokenizer.json");
  std::string json{std::istreambuf_iterator<char>(original), {}};
  const std::string plain = R"("truncation":null,"padding":null)";
  size_t position = json.find(plain);
  ASSERT_NE(position, std::string::npos);
  json.replace(
      position, plain.size(),
      R"("truncation":{"direction":"Right","max_length":3,"strategy":"LongestFirst","stride":0},)"
      R"("padding":{"strategy":{"Fixed":16},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,)"
      R"("pad_type_id":0,"pad_token":"[PAD]"})");
  TemporaryDirectory directory;
  std::ofstream(directory.file("tokenizer.json")) << json;
  auto tokenizer = Tokenizer::load(directory.file("tokenizer.json"));
  EXPECT_EQ(encode(*tokenizer, "the old city"), ids(*tokenizer, {"[CLS]", "the", "old", "city", "[SEP]"}));
}

TEST(Tokenizer, spans_count_code_points) {
  auto tokenizer = tiny_bert();
  std::string_view text = "é 日 sea";
  TokenBatch batch = tokenizer->encode_batch_with_spans(std::span(&text, 1), 512);
  EXPECT_EQ(batch.token_ids, encode(*tokenizer, text));
  EXPECT_THAT(batch.spans, ElementsAre(CharacterSpan{0, 0}, CharacterSpan{0, 1}, CharacterSpan{2, 3},
                                       CharacterSpan{4, 7}, CharacterSpan{0, 0}));
}

TEST(Tokenizer, invalid_utf8_counts_as_the_replacement_character) {
  auto tokenizer = tiny_bert();
  for (std::string_view invalid : {"\xFF", "\xC3", "\xED\xA0\x80", "\xF8\x88\x80\x80\x80"}) {
    std::string text = "the " + std::string(invalid) + " sea";
    std::string replaced = "the \uFFFD sea";
    EXPECT_EQ(encode(*tokenizer, text).front(), encode(*tokenizer, replaced).front());
    EXPECT_EQ(encode(*tokenizer, text), encode(*tokenizer, replaced));
  }
}

TEST(Tokenizer, nul_bytes_are_part_of_the_text) {
  auto tokenizer = tiny_bert();
  EXPECT_EQ(encode(*tokenizer, std::string_view("the\0sea", 7)), encode(*tokenizer, "thesea"));
}

TEST(Tokenizer, threads_share_one_tokenizer) {
  auto tokenizer = tiny_bert();
  const std::vector<int32_t> expected = encode(*tokenizer, "the quick brown fox jumps over the lazy dog");
  std::vector<std::vector<int32_t>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          result = encode(*tokenizer, "the quick brown fox jumps over the lazy dog");
      });
    }
  }
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST(Tokenizer, vocabulary_is_known) {
  auto tokenizer = tiny_bert();
  EXPECT_EQ(tokenizer->vocab_size(), 596u);
  EXPECT_EQ(tokenizer->token_to_id("[PAD]"), 0);
  EXPECT_EQ(tokenizer->token_to_id("no such token"), std::nullopt);
}

TEST(Tokenizer, a_missing_file_or_a_directory_is_named) {
  TemporaryDirectory directory;
  EXPECT_ERROR(ErrorCode::NotFound, "cannot read tokenizer: /no/such/tokenizer.json",
               Tokenizer::load("/no/such/tokenizer.json"));
  EXPECT_ERROR(ErrorCode::NotFound, "cannot read tokenizer: " + directory.path().string(),
               Tokenizer::load(directory.path()));
}

TEST(Tokenizer, a_file_that_is_no_tokenizer_is_named) {
  TemporaryDirectory directory;
  for (std::string garbage :
       {std::string(), std::string("garbage"), std::string("{}"), std::string("\xFF\xFE\0", 3),
        std::string(100'000, '['), std::string(R"({"model":{"type":"WordPiece"}})")}) {
    std::ofstream(directory.file("tokenizer.json")) << garbage;
    EXPECT_ERROR(ErrorCode::DataCorruption, "not a tokenizer: " + directory.file("tokenizer.json") + ": ",
                 Tokenizer::load(directory.file("tokenizer.json")));
  }
}

}  // namespace
}  // namespace jammi::text
