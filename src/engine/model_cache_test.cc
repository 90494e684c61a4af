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

namespace jammi::engine {
namespace {

constexpr ModelTask kTask = ModelTask::TextEmbedding;

/// A model that is nothing but its id.
class NamedModel final : public model::Model {
 public:
  explicit NamedModel(std::string id) : id_(std::move(id)) {}

  const std::string& model_id() const noexcept override { return id_; }
  size_t weight_bytes() const noexcept override { return 0; }

 private:
  std::string id_;
};

std::shared_ptr<const model::Model> load_named(const model::ModelSource& source) {
  return std::make_shared<NamedModel>(source.id);
}

TEST(ModelCache, loads_a_model_once_for_many_threads) {
  std::atomic<int> num_loads = 0;
  ModelCache cache(0, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    ++num_loads;
    return load_named(source);
  });
  std::barrier start(8);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      EXPECT_EQ(cache.get({.id = "a"}, kTask)->model_id(), "a");
    });
  }
  threads.clear();
  EXPECT_EQ(num_loads, 1);
}

TEST(ModelCache, drops_the_least_recently_used_model_beyond_its_capacity) {
  std::vector<std::string> loads;
  ModelCache cache(2, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    loads.push_back(source.id);
    return load_named(source);
  });
  for (const char* id : {"a", "b", "a", "c", "a", "b"}) cache.get({.id = id}, kTask);
  EXPECT_EQ(loads, (std::vector<std::string>{"a", "b", "c", "b"}));
}

TEST(ModelCache, never_drops_a_model_in_use) {
  int num_loads = 0;
  ModelCache cache(1, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    ++num_loads;
    return load_named(source);
  });
  auto held = cache.get({.id = "a"}, kTask);
  cache.get({.id = "b"}, kTask);
  EXPECT_EQ(cache.get({.id = "a"}, kTask), held);
  EXPECT_EQ(num_loads, 2);
}

TEST(ModelCache, a_model_loaded_for_one_task_is_loaded_again_for_another) {
  std::vector<ModelTask> loads;
  ModelCache cache(0, [&](const model::ModelSource& source, ModelTask task, std::stop_token) {
    loads.push_back(task);
    return load_named(source);
  });
  auto embedder = cache.get({.id = "a"}, ModelTask::TextEmbedding);
  auto classifier = cache.get({.id = "a"}, ModelTask::Classification);
  EXPECT_NE(embedder, classifier);
  EXPECT_EQ(cache.get({.id = "a"}, ModelTask::TextEmbedding), embedder);
  EXPECT_EQ(cache.get({.id = "a"}, ModelTask::Classification), classifier);
  EXPECT_EQ(loads, (std::vector{ModelTask::TextEmbedding, ModelTask::Classification}));
}

TEST(ModelCache, a_failed_load_can_be_tried_again) {
  bool fails = true;
  ModelCache cache(0, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    if (fails) throw model_error(ErrorCode::Unavailable, source.id, "hub unreachable");
    return load_named(source);
  });
  EXPECT_ERROR(ErrorCode::Unavailable, "hub unreachable", cache.get({.id = "a"}, kTask));
  fails = false;
  EXPECT_NE(cache.get({.id = "a"}, kTask), nullptr);
}

TEST(ModelCache, a_stop_request_ends_the_wait_for_another_threads_load) {
  std::latch is_loading(1);
  std::latch may_load(1);
  ModelCache cache(0, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    is_loading.count_down();
    may_load.wait();
    return load_named(source);
  });
  std::jthread loader([&] { cache.get({.id = "a"}, kTask); });
  is_loading.wait();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "loading cancelled: a", cache.get({.id = "a"}, kTask, stop.get_token()));
  may_load.count_down();
}

}  // namespace
}  // namespace jammi::engine
