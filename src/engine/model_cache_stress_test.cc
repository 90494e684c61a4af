#include <atomic>
#include <filesystem>
#include <format>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "engine/model_cache.h"
#include "model/text_embedder.h"

namespace jammi::engine {
namespace {

constexpr int kThreads = 32;
constexpr int kCallsOfAThread = 25;
constexpr int kModels = 5;
constexpr int kModelsThatFit = 2;
constexpr char kText[] = "a bread recipe with rye flour";

std::shared_ptr<const model::TextEmbedder> load_embedder(const std::filesystem::path& directory) {
  const model::Resolver resolver(Config::Backend::Auto, {}, {});
  return model::TextEmbedder::load(
      resolver.resolve({.kind = model::ModelSource::Kind::Local, .id = directory.string()}),
      Config::Precision::F32);
}

/// Bytes of weights that exist, and the most there have been.
struct Allocated {
  std::atomic<uint64_t> now = 0;
  std::atomic<uint64_t> most = 0;

  void add(uint64_t bytes) {
    const uint64_t sum = now += bytes;
    uint64_t seen = most;
    while (seen < sum && !most.compare_exchange_weak(seen, sum)) continue;
  }
};

/// An embedder whose weights are counted.
class CountedModel final : public model::Model {
 public:
  CountedModel(const std::filesystem::path& directory, Allocated& allocated)
      : embedder_(load_embedder(directory)), allocated_(allocated) {
    allocated_.add(weight_bytes());
  }
  ~CountedModel() override { allocated_.now -= weight_bytes(); }

  const std::string& model_id() const noexcept override { return embedder_->model_id(); }
  size_t weight_bytes() const noexcept override { return embedder_->weight_bytes(); }
  std::vector<float> embed() const { return embedder_->embed(kText); }

 private:
  std::shared_ptr<const model::TextEmbedder> embedder_;
  Allocated& allocated_;
};

/// Five models that answer the same text with five vectors, by prompts of their own.
class ModelCacheStressTest : public ::testing::Test {
 protected:
  ModelCacheStressTest() {
    for (int i = 0; i < kModels; ++i) {
      const std::filesystem::path directory = directory_.path() / std::format("model_{}", i);
      std::filesystem::copy(JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert", directory,
                            std::filesystem::copy_options::recursive);
      std::ofstream(directory / "config_sentence_transformers.json")
          << std::format(R"({{"prompts": {{"query": "cook number {} "}}}})", i);
      const auto embedder = load_embedder(directory);
      expected_.push_back(embedder->embed(kText));
      model_bytes_ = embedder->weight_bytes();
      for (int other = 0; other < i; ++other) EXPECT_NE(expected_[other], expected_[i]);
    }
  }

  std::string id(int model) const { return directory_.file(std::format("model_{}", model)); }

  testing::TemporaryDirectory directory_;
  std::vector<std::vector<float>> expected_;
  uint64_t model_bytes_ = 0;
};

TEST_F(ModelCacheStressTest, many_threads_share_the_memory_of_two_models) {
  const auto memory = std::make_shared<base::MemoryBudget>(kModelsThatFit * model_bytes_);
  Allocated allocated;
  std::atomic<int> num_loads = 0;
  ModelCache cache({.patience = std::chrono::hours(1)},
                   [&](const model::ModelSource& source, ModelTask, std::stop_token) -> FoundModel {
                     return {.memory = memory,
                             .estimated_bytes = model_bytes_ - 1,  // every load needs more than it says
                             .load = [&, id = source.id] {
                               if (num_loads++ % 7 == 6) {
                                 throw model_error(ErrorCode::Unavailable, id, "the disk is busy");
                               }
                               return std::make_shared<CountedModel>(id, allocated);
                             }};
                   });
  std::atomic<int> num_right = 0;
  std::atomic<int> num_failed = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::minstd_rand random(static_cast<unsigned>(thread + 1));
      for (int call = 0; call < kCallsOfAThread; ++call) {
        const int model = static_cast<int>(random() % kModels);
        const auto priority = static_cast<base::MemoryPriority>(random() % 3);
        try {
          const auto held = cache.get({.id = id(model)}, ModelTask::TextEmbedding, priority);
          num_right += dynamic_cast<const CountedModel&>(*held).embed() == expected_[model];
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::Unavailable) << error.what();
          ++num_failed;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(num_right + num_failed, kThreads * kCallsOfAThread);
  EXPECT_GT(num_failed, 0);
  EXPECT_GT(num_loads, kModels) << "models were dropped and loaded again";
  EXPECT_LE(allocated.most, memory->capacity_bytes());
  EXPECT_EQ(allocated.now, memory->claimed_bytes());
  for (const LoadedModel& model : cache.list()) EXPECT_EQ(model.num_users, 0u);
}

}  // namespace
}  // namespace jammi::engine
