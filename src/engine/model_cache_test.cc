#include "engine/model_cache.h"

#include <atomic>
#include <barrier>
#include <latch>
#include <map>
#include <stop_token>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"

namespace jammi::engine {
namespace {

using base::MemoryBudget;
using base::MemoryPriority;
using ::testing::ElementsAre;

constexpr ModelTask kTask = ModelTask::TextEmbedding;
constexpr std::chrono::hours kAsLongAsItTakes{1};

/// A model that is nothing but its id and its size.
class NamedModel final : public model::Model {
 public:
  NamedModel(std::string id, size_t bytes) : id_(std::move(id)), bytes_(bytes) {}

  const std::string& model_id() const noexcept override { return id_; }
  size_t weight_bytes() const noexcept override { return bytes_; }

 private:
  std::string id_;
  size_t bytes_;
};

/// Models of 10 bytes unless `bytes` says otherwise, whose files promise as much as `estimates` says.
struct Shop {
  std::shared_ptr<MemoryBudget> memory = std::make_shared<MemoryBudget>(MemoryBudget::kUnlimited);
  std::map<std::string, size_t> bytes;
  std::map<std::string, size_t> estimates;
  std::vector<std::string> loads;  // of one thread

  FoundModel find(const model::ModelSource& source) {
    const size_t needed = bytes.contains(source.id) ? bytes[source.id] : 10;
    return {.memory = memory,
            .estimated_bytes = estimates.contains(source.id) ? estimates[source.id] : needed,
            .load = [this, id = source.id, needed] {
              loads.push_back(id);
              return std::make_shared<NamedModel>(id, needed);
            }};
  }
};

class ModelCacheTest : public ::testing::Test {
 protected:
  explicit ModelCacheTest(ModelCache::Limits limits = {})
      : cache_(limits, [this](const model::ModelSource& source, ModelTask, std::stop_token) {
          return shop_.find(source);
        }) {}

  std::shared_ptr<const model::Model> get(const std::string& id) {
    return cache_.get({.id = id}, kTask, MemoryPriority::Interactive);
  }

  std::vector<std::string> loaded() const {
    std::vector<std::string> ids;
    for (const LoadedModel& model : cache_.list()) ids.push_back(model.model_id);
    return ids;
  }

  Shop shop_;
  ModelCache cache_;
};

class TwoModelsTest : public ModelCacheTest {
 protected:
  TwoModelsTest() : ModelCacheTest({.max_models = 2}) {}
};

/// Has memory for 25 bytes and no patience.
class ModelMemoryTest : public ModelCacheTest {
 protected:
  ModelMemoryTest() { shop_.memory = std::make_shared<MemoryBudget>(25); }
};

FoundModel found_without_memory(const model::ModelSource& source) {
  return {.memory = std::make_shared<MemoryBudget>(0),
          .load = [id = source.id] { return std::make_shared<NamedModel>(id, 0); }};
}

TEST(ModelCache, loads_a_model_once_for_many_threads) {
  std::atomic<int> num_loads = 0;
  ModelCache cache({}, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    ++num_loads;
    return found_without_memory(source);
  });
  std::barrier start(8);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      EXPECT_EQ(cache.get({.id = "a"}, kTask, MemoryPriority::Interactive)->model_id(), "a");
    });
  }
  threads.clear();
  EXPECT_EQ(num_loads, 1);
}

TEST_F(TwoModelsTest, the_least_recently_used_model_makes_room) {
  for (const char* id : {"a", "b", "a", "c", "a", "b"}) get(id);
  EXPECT_THAT(shop_.loads, ElementsAre("a", "b", "c", "b"));
  EXPECT_THAT(loaded(), ElementsAre("b", "a"));
}

TEST_F(TwoModelsTest, a_model_in_use_stays_and_goes_when_it_is_not) {
  auto a = get("a");
  auto b = get("b");
  auto c = get("c");
  EXPECT_THAT(loaded(), ElementsAre("c", "b", "a"));
  EXPECT_EQ(get("a"), a);
  a.reset();
  EXPECT_THAT(loaded(), ElementsAre("c", "b"));
  c.reset();
  EXPECT_THAT(loaded(), ElementsAre("c", "b")) << "as many as may stay";
}

TEST_F(ModelCacheTest, a_model_is_in_use_until_its_last_pointer_is_gone) {
  EXPECT_THAT(cache_.list(), ::testing::IsEmpty());
  auto first = get("a");
  auto copy = first;
  auto second = get("a");
  ASSERT_EQ(cache_.list().size(), 1u);
  EXPECT_EQ(cache_.list()[0].num_users, 2u);
  first.reset();
  EXPECT_EQ(cache_.list()[0].num_users, 2u);
  copy.reset();
  second.reset();
  const LoadedModel model = cache_.list().at(0);
  EXPECT_EQ(model.num_users, 0u);
  EXPECT_EQ(model.model_id, "a");
  EXPECT_EQ(model.task, kTask);
  EXPECT_EQ(model.memory_bytes, 10u);
  EXPECT_THAT(model.last_used_at, ::testing::MatchesRegex("20..-..-..T..:..:..\\....Z"));
}

TEST(ModelCache, a_model_loaded_for_one_task_is_loaded_again_for_another) {
  std::vector<ModelTask> loads;
  ModelCache cache({}, [&](const model::ModelSource& source, ModelTask task, std::stop_token) {
    loads.push_back(task);
    return found_without_memory(source);
  });
  const auto get = [&](ModelTask task) { return cache.get({.id = "a"}, task, MemoryPriority::Interactive); };
  auto embedder = get(ModelTask::TextEmbedding);
  auto classifier = get(ModelTask::Classification);
  EXPECT_NE(embedder, classifier);
  EXPECT_EQ(get(ModelTask::TextEmbedding), embedder);
  EXPECT_EQ(get(ModelTask::Classification), classifier);
  EXPECT_THAT(loads, ElementsAre(ModelTask::TextEmbedding, ModelTask::Classification));
  EXPECT_EQ(cache.list().size(), 2u);
}

TEST_F(ModelMemoryTest, models_that_nobody_uses_make_room) {
  for (const char* id : {"a", "b", "a", "c", "a", "b"}) get(id);
  EXPECT_THAT(shop_.loads, ElementsAre("a", "b", "c", "b"));
  EXPECT_EQ(shop_.memory->claimed_bytes(), 20u);
  shop_.bytes["d"] = 25;
  get("d");
  EXPECT_THAT(loaded(), ElementsAre("d"));
}

TEST_F(ModelMemoryTest, a_model_that_cannot_have_its_memory_is_an_error) {
  auto a = get("a");
  auto b = get("b");
  EXPECT_ERROR(ErrorCode::ResourceExhausted,
               "Model error: c: Cannot acquire memory: nothing to evict; the models that hold it are in use",
               get("c"));
  b.reset();
  EXPECT_EQ(get("c")->model_id(), "c");
  shop_.bytes["huge"] = 26;
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "it needs more than models may have: 26 of 25 bytes",
               get("huge"));
  EXPECT_THAT(loaded(), ElementsAre("c", "a")) << "nothing was dropped in vain";
}

TEST_F(ModelMemoryTest, what_a_model_takes_replaces_what_its_files_promised) {
  shop_.estimates["a"] = 25;
  auto a = get("a");
  EXPECT_EQ(shop_.memory->claimed_bytes(), 10u);
  shop_.estimates["b"] = 5;
  auto b = get("b");
  EXPECT_EQ(shop_.memory->claimed_bytes(), 20u);
  EXPECT_THAT(shop_.loads, ElementsAre("a", "b")) << "there was room";
}

TEST_F(ModelMemoryTest, a_model_larger_than_promised_is_loaded_again_within_its_memory) {
  get("a");
  get("b");
  shop_.bytes["c"] = 20;
  shop_.estimates["c"] = 5;
  get("c");
  EXPECT_THAT(shop_.loads, ElementsAre("a", "b", "c", "c"));
  EXPECT_THAT(loaded(), ElementsAre("c"));
  EXPECT_EQ(shop_.memory->claimed_bytes(), 20u);

  shop_.bytes["d"] = 30;
  shop_.estimates["d"] = 5;
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "it needs more than models may have: 30 of 25 bytes", get("d"));
  EXPECT_EQ(shop_.memory->claimed_bytes(), 20u);
}

TEST_F(ModelMemoryTest, models_of_one_device_do_not_make_room_on_another) {
  const auto own = shop_.memory;
  get("a");
  shop_.memory = std::make_shared<MemoryBudget>(10);
  auto other = get("b");
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "nothing to evict", get("c"));
  EXPECT_THAT(loaded(), ElementsAre("b", "a"));
  EXPECT_EQ(own->claimed_bytes(), 10u);
}

TEST(ModelCache, waits_for_memory_that_models_in_use_hold) {
  Shop shop;
  shop.memory = std::make_shared<MemoryBudget>(10);
  ModelCache cache({.patience = kAsLongAsItTakes}, [&](const model::ModelSource& source, ModelTask,
                                                       std::stop_token) { return shop.find(source); });
  auto held = cache.get({.id = "a"}, kTask, MemoryPriority::Interactive);
  std::jthread waiting(
      [&] { EXPECT_EQ(cache.get({.id = "b"}, kTask, MemoryPriority::Background)->model_id(), "b"); });
  while (shop.memory->num_waiting() == 0) std::this_thread::yield();
  held.reset();
  waiting.join();

  held = cache.get({.id = "a"}, kTask, MemoryPriority::Interactive);
  std::stop_source stop;
  std::jthread stopped([&] {
    EXPECT_ERROR(ErrorCode::Cancelled, "loading cancelled: b",
                 cache.get({.id = "b"}, kTask, MemoryPriority::Background, stop.get_token()));
  });
  while (shop.memory->num_waiting() == 0) std::this_thread::yield();
  stop.request_stop();
}

TEST(ModelCache, a_failed_load_gives_its_memory_back_and_can_be_tried_again) {
  bool fails = true;
  const auto memory = std::make_shared<MemoryBudget>(10);
  ModelCache cache({}, [&](const model::ModelSource& source, ModelTask, std::stop_token) -> FoundModel {
    return {.memory = memory, .estimated_bytes = 10, .load = [&, id = source.id] {
              if (fails) throw model_error(ErrorCode::DataCorruption, id, "truncated file");
              return std::make_shared<NamedModel>(id, 10);
            }};
  });
  const auto get = [&] { return cache.get({.id = "a"}, kTask, MemoryPriority::Interactive); };
  EXPECT_ERROR(ErrorCode::DataCorruption, "truncated file", get());
  EXPECT_EQ(memory->claimed_bytes(), 0u);
  fails = false;
  EXPECT_EQ(get()->model_id(), "a");
}

TEST_F(TwoModelsTest, evicting_drops_a_model_unless_it_is_in_use) {
  auto held = get("a");
  EXPECT_ERROR(ErrorCode::Conflict, "Model error: a: the model is in use", cache_.evict("a"));
  held.reset();
  EXPECT_TRUE(cache_.evict("a"));
  EXPECT_FALSE(cache_.evict("a"));
  EXPECT_EQ(shop_.memory->claimed_bytes(), 0u);
  get("a");
  EXPECT_THAT(shop_.loads, ElementsAre("a", "a"));
}

TEST(ModelCache, what_it_handed_out_may_outlive_it) {
  Shop shop;
  std::shared_ptr<const model::Model> model;
  {
    ModelCache cache(
        {}, [&](const model::ModelSource& source, ModelTask, std::stop_token) { return shop.find(source); });
    model = cache.get({.id = "a"}, kTask, MemoryPriority::Interactive);
  }
  EXPECT_EQ(model->model_id(), "a");
  model.reset();
  EXPECT_EQ(shop.memory->claimed_bytes(), 0u);
}

TEST(ModelCache, a_stop_request_ends_the_wait_for_another_threads_load) {
  std::latch is_loading(1);
  std::latch may_load(1);
  ModelCache cache({}, [&](const model::ModelSource& source, ModelTask, std::stop_token) {
    is_loading.count_down();
    may_load.wait();
    return found_without_memory(source);
  });
  std::jthread loader([&] { cache.get({.id = "a"}, kTask, MemoryPriority::Interactive); });
  is_loading.wait();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "loading cancelled: a",
               cache.get({.id = "a"}, kTask, MemoryPriority::Interactive, stop.get_token()));
  may_load.count_down();
}

}  // namespace
}  // namespace jammi::engine
