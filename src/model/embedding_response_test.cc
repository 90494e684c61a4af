#include "model/embedding_response.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::model {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(EmbeddingResponse, entries_are_put_in_the_order_of_their_index) {
  const auto response = parse_embedding_response(
      R"({"object": "list", "data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.5, -2e-1]}],
          "model": "m", "usage": {"prompt_tokens": 7, "total_tokens": 9}})",
      2);
  EXPECT_THAT(response.vectors,
              ElementsAre(Optional(ElementsAre(1.5f, -0.2f)), Optional(ElementsAre(3.0f, 4.0f))));
  EXPECT_EQ(response.num_tokens, 9u);
}

TEST(EmbeddingResponse, entries_without_an_index_stand_for_their_position) {
  const auto response =
      parse_embedding_response(R"({"data": [{"embedding": [1]}, {"index": null, "embedding": [2]}]})", 2);
  EXPECT_THAT(response.vectors, ElementsAre(Optional(ElementsAre(1.0f)), Optional(ElementsAre(2.0f))));
  EXPECT_EQ(response.num_tokens, 0u);
}

TEST(EmbeddingResponse, a_text_without_a_sound_vector_has_none) {
  for (const char* embedding : {"null", "[]", "[null]", "[1, \"2\"]", "\"AAAA\"", "{}", "[1, 1e39]"}) {
    const auto body = R"({"data": [{"embedding": [1]}, {"embedding": )" + std::string(embedding) + "}]}";
    const auto response = parse_embedding_response(body, 3);
    EXPECT_THAT(response.vectors, ElementsAre(Optional(ElementsAre(1.0f)), std::nullopt, std::nullopt))
        << body;
  }
  EXPECT_THAT(parse_embedding_response(R"({"data": [{"index": 1}]})", 2).vectors,
              ElementsAre(std::nullopt, std::nullopt));
}

TEST(EmbeddingResponse, anything_else_is_refused) {
  const auto refuse = [](std::string_view problem, std::string_view body) {
    EXPECT_ERROR(ErrorCode::DataCorruption,
                 "Backend error: Failed to parse embedding response: " + std::string(problem),
                 parse_embedding_response(body, 2));
  };
  refuse("not valid JSON", "");
  refuse("not valid JSON", "<html>busy</html>");
  refuse("not valid JSON", R"({"data": [{"embedding": [1, )");
  refuse("JSON nested too deeply", std::string(1'000'000, '['));
  refuse("JSON key given twice", R"({"data": [], "data": []})");
  refuse("no array \"data\"", "[]");
  refuse("no array \"data\"", R"({"error": {"message": "no such model"}})");
  refuse("no array \"data\"", R"({"data": {}})");
  refuse("an entry of \"data\" is not an object", R"({"data": [[1, 2]]})");
  refuse("an index is not a whole number", R"({"data": [{"index": -1, "embedding": [1]}]})");
  refuse("an index is not a whole number", R"({"data": [{"index": "0", "embedding": [1]}]})");
  refuse("an entry beyond the texts that were sent: 2", R"({"data": [{"index": 2, "embedding": [1]}]})");
  refuse("an entry beyond the texts", R"({"data": [{"index": 18446744073709551615, "embedding": [1]}]})");
  refuse("an entry beyond the texts that were sent: 2",
         R"({"data": [{"embedding": [1]}, {"embedding": [1]}, {"embedding": [1]}]})");
  refuse("two entries for one text: 0", R"({"data": [{"embedding": [1]}, {"index": 0, "embedding": [1]}]})");
}

}  // namespace
}  // namespace jammi::model
