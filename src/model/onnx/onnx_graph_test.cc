#include "model/onnx/onnx_graph.h"

#include <array>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::testing::ElementsAre;

/// The graphs of tests/fixtures/make_onnx.py, whose arithmetic is described there.
std::filesystem::path graph_file(const std::string& name) {
  return std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/onnx" / (name + ".onnx");
}

/// Embeddings are read with a padding token that would be seen in sums.
std::unique_ptr<const OnnxGraph> load(const std::string& name,
                                      std::vector<std::string> outputs = {
                                          "last_hidden_state", "token_embeddings", "sentence_embedding"}) {
  return load_onnx_graph({.file = graph_file(name), .outputs = std::move(outputs), .padding_id = 1000});
}

constexpr std::array<int32_t, 6> kTokens{5, 7, 3, 2, 4, 6};
constexpr std::array<int32_t, 4> kOffsets{0, 2, 3, 6};
constexpr nn::PackedBatchView kBatch{kTokens, kOffsets};  // three texts of 2, 1 and 3 tokens

TEST(OnnxGraph, every_token_has_a_row_that_padding_does_not_change) {
  const auto graph = load("both");
  EXPECT_TRUE(graph->is_per_token());
  ASSERT_EQ(graph->row_width(), 3u);
  std::vector<float> rows(6 * 3);
  graph->run(kBatch, rows);
  EXPECT_THAT(rows, ElementsAre(5, 12, 1, 7, 12, 1, 3, 3, 1, 2, 12, 1, 4, 12, 1, 6, 12, 1));
}

TEST(OnnxGraph, every_text_has_a_row_when_that_is_what_the_graph_gives) {
  for (const char* name : {"texts", "external"}) {
    const auto graph = load(name);
    EXPECT_FALSE(graph->is_per_token());
    ASSERT_EQ(graph->row_width(), 2u);
    std::vector<float> rows(3 * 2);
    graph->run(kBatch, rows);
    EXPECT_THAT(rows, ElementsAre(12, 24, 3, 6, 12, 24)) << name;
  }
}

TEST(OnnxGraph, token_types_are_zeros_and_the_first_output_that_there_is_is_read) {
  const auto graph = load("tokens");
  std::vector<float> rows(6 * 3);
  graph->run(kBatch, rows);
  EXPECT_EQ(rows[0], 5);
  EXPECT_FALSE(load("both", {"nothing", "sentence_embedding", "last_hidden_state"})->is_per_token());
}

TEST(OnnxGraph, many_threads_share_one_graph) {
  const auto graph = load("both");
  std::vector<std::jthread> threads;
  for (int32_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int32_t length = 1; length < 60; ++length) {
        const std::vector<int32_t> tokens(static_cast<size_t>(length), thread);
        const std::array<int32_t, 2> offsets{0, length};
        std::vector<float> rows(tokens.size() * 3);
        graph->run({tokens, offsets}, rows);
        ASSERT_EQ(rows.back(), 1);
        ASSERT_EQ(rows[rows.size() - 2], static_cast<float>(thread * length));
      }
    });
  }
}

TEST(OnnxGraph, graphs_that_texts_cannot_be_sent_through_are_refused_by_name) {
  const auto refuse = [](const std::string& problem, const std::string& name) {
    EXPECT_ERROR(ErrorCode::Unsupported, problem + ": " + graph_file(name).string(),
                 load(name, {"logits", "other"}));
  };
  refuse("the ONNX graph has an input that texts do not give, pixel_values", "pixels");
  refuse("the ONNX graph's input input_ids is not int64", "narrow");
  refuse("the ONNX graph has no input attention_mask", "maskless");
  refuse("the ONNX graph has no output logits or other", "both");
  refuse("the ONNX graph's output logits is not float32", "integers");
}

TEST(OnnxGraph, a_file_that_onnx_runtime_refuses_is_named) {
  jammi::testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "model.onnx";
  const auto load_bytes = [&](std::string_view bytes) {
    testing::write_file(file, bytes);
    return load_onnx_graph({.file = file, .outputs = {"logits"}, .padding_id = 0});
  };
  const std::string sound = testing::read_file(graph_file("both"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not an ONNX file: " + file.string(), load_bytes("{}"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not an ONNX file: " + file.string(),
               load_bytes(sound.substr(0, sound.size() / 2)));
  EXPECT_ERROR(ErrorCode::DataCorruption, "ONNX Runtime refuses the model: " + file.string(), load_bytes(""));
  std::string unknown_operator = sound;
  unknown_operator.replace(unknown_operator.find("Concat"), 6, "Conkat");
  EXPECT_ERROR(ErrorCode::DataCorruption, "ONNX Runtime refuses the model: " + file.string(),
               load_bytes(unknown_operator));
}

}  // namespace
}  // namespace jammi::model
