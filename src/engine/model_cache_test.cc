#include "engine/model_cache.h"

#include <atomic>
#include <barrier>
#include <latch>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"
#include "model/resolver.h"

namespace jammi::engine {
namespace {

constexpr char kTinyBert[] = JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert";

std::shared_ptr<const model::TextEmbedder> load_tiny_bert() {
  model::Resolver resolver(Config::Backend::Auto, {}, {});
  return model::TextEmbedder::load(
      resolver.resolve(model::parse_model_source("local:" + std::string(kTinyBert))), Config::Precision::F32);
}

TEST(ModelCache, loads_a_model_once_for_many_threads) {
  std::atomic<int> num_loads = 0;
  ModelCache cache(0, [&](const model::ModelSource&, std::stop_token) {
    ++num_loads;
    return load_tiny_bert();
  });
  std::barrier start(8);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      EXPECT_EQ(cache.get({.id = "a"})->dimensions(), 32u);
    });
  }
  threads.clear();
  EXPECT_EQ(num_loads, 1);
}

TEST(ModelCache, drops_the_least_recently_used_model_beyond_its_capacity) {
  std::vector<std::string> loads;
  ModelCache cache(2, [&](const model::ModelSource& source, std::stop_token) {
    loads.push_back(source.id);
    return load_tiny_bert();
  });
  for (const char* id : {"a", "b", "a", "c", "a", "b"}) cache.get({.id = id});
  EXPECT_EQ(loads, (std::vector<std::string>{"a", "b", "c", "b"}));
}

TEST(ModelCache, never_drops_a_model_in_use) {
  int num_loads = 0;
  ModelCache cache(1, [&](const model::ModelSource&, std::stop_token) {
    ++num_loads;
    return load_tiny_bert();
  });
  auto held = cache.get({.id = "a"});
  cache.get({.id = "b"});
  EXPECT_EQ(cache.get({.id = "a"}), held);
  EXPECT_EQ(num_loads, 2);
}

TEST(ModelCache, a_failed_load_can_be_tried_again) {
  bool fails = true;
  ModelCache cache(0, [&](const model::ModelSource& source, std::stop_token) {
    if (fails) throw model_error(ErrorCode::Unavailable, source.id, "hub unreachable");
    return load_tiny_bert();
  });
  EXPECT_ERROR(ErrorCode::Unavailable, "hub unreachable", cache.get({.id = "a"}));
  fails = false;
  EXPECT_NE(cache.get({.id = "a"}), nullptr);
}

TEST(ModelCache, a_stop_request_ends_the_wait_for_another_threads_load) {
  std::latch is_loading(1);
  std::latch may_load(1);
  ModelCache cache(0, [&](const model::ModelSource&, std::stop_token) {
    is_loading.count_down();
    may_load.wait();
    return load_tiny_bert();
  });
  std::jthread loader([&] { cache.get({.id = "a"}); });
  is_loading.wait();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "loading cancelled: a", cache.get({.id = "a"}, stop.get_token()));
  may_load.count_down();
}

}  // namespace
}  // namespace jammi::engine
