#include "engine/embedding_cache.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "base/testing.h"
#include "model/resolver.h"
#include "model/text_embedder.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace jammi::engine {
namespace {

std::shared_ptr<const model::TextEmbedder> load_tiny_bert() {
  const model::Resolver resolver(Config::Backend::Auto, {}, {});
  const auto source = model::parse_model_source("local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert");
  return model::TextEmbedder::load(resolver.resolve(source), Config::Precision::F32);
}

/// Bytes that this process has from malloc.
size_t allocated_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

class EmbeddingCacheTest : public ::testing::Test {
 protected:
  std::shared_ptr<const model::TextEmbedder> model_ = load_tiny_bert();
};

TEST_F(EmbeddingCacheTest, a_text_is_computed_once) {
  EmbeddingCache cache(1 << 20);
  const std::vector<float> computed = cache.embed(*model_, "solar panels");
  EXPECT_EQ(computed, model_->embed("solar panels"));
  EXPECT_EQ(cache.embed(*model_, "solar panels"), computed);
  EXPECT_EQ(cache.statistics().hits, 1u);
  EXPECT_NE(cache.embed(*model_, "solar panel"), computed);
  EXPECT_EQ(cache.statistics().misses, 2u);
}

TEST_F(EmbeddingCacheTest, another_load_of_the_same_files_is_another_model) {
  EmbeddingCache cache(1 << 20);
  cache.embed(*model_, "solar panels");
  cache.embed(*load_tiny_bert(), "solar panels");
  EXPECT_EQ(cache.statistics().hits, 0u);
  EXPECT_EQ(cache.statistics().entries, 2u);
}

TEST_F(EmbeddingCacheTest, a_model_that_takes_the_place_of_a_destroyed_one_finds_none_of_its_vectors) {
  EmbeddingCache cache(1 << 20);
  for (int i = 0; i < 3; ++i) {
    model_.reset();  // its memory is free for the next one
    model_ = load_tiny_bert();
    cache.embed(*model_, "solar panels");
  }
  EXPECT_EQ(cache.statistics().hits, 0u);
}

TEST_F(EmbeddingCacheTest, the_memory_it_takes_stays_within_its_bytes) {
  constexpr uint64_t kCapacity = 2 << 20;
  model_->embed("words");  // its working memory is there before the first measurement
  EmbeddingCache cache(kCapacity);
  const size_t before = allocated_bytes();
  size_t most = 0;
  for (int i = 0; i < 8000; ++i) {
    cache.embed(*model_, std::to_string(i) + std::string(static_cast<size_t>(i % 5 * 40), ' '));
    most = std::max(most, allocated_bytes() - before);
  }
  EXPECT_LE(most, kCapacity);
  EXPECT_GE(most, kCapacity / 2) << "the estimate wastes the memory it was given";
  EXPECT_LE(cache.statistics().size, kCapacity);
  EXPECT_GT(cache.statistics().entries, 100u);
}

TEST_F(EmbeddingCacheTest, a_text_larger_than_the_cache_is_not_kept) {
  EmbeddingCache cache(1000);
  const std::string text(1000, 'a');
  EXPECT_EQ(cache.embed(*model_, text), model_->embed(text));
  EXPECT_EQ(cache.statistics().entries, 0u);
}

TEST_F(EmbeddingCacheTest, without_capacity_every_text_is_computed) {
  EmbeddingCache cache(0);
  EXPECT_EQ(cache.embed(*model_, "solar panels"), cache.embed(*model_, "solar panels"));
  EXPECT_EQ(cache.statistics().entries, 0u);
}

}  // namespace
}  // namespace jammi::engine
