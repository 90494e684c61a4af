#include "catalog/model_repository.h"

#include <gtest/gtest.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

const TenantScope kAlice = TenantScope::of("11111111-1111-4111-8111-111111111111");
const TenantScope kBob = TenantScope::of("22222222-2222-4222-8222-222222222222");

ModelRecord encoder(const std::string& name) {
  ModelRecord model;
  model.name = name;
  model.type = "huggingface";
  model.backend = "candle";
  model.status = "registered";
  model.dimensions = 384;
  model.metadata_json = "{}";
  return model;
}

class ModelRepositoryTest : public testing::BackendTest {
 protected:
  std::shared_ptr<Catalog> catalog_ = place_.open();
  ModelRepository& models_ = catalog_->models();
};
TEST_ON_BOTH_BACKENDS(ModelRepositoryTest);

TEST_P(ModelRepositoryTest, registering_again_updates_the_row) {
  models_.upsert(encoder("a/b"));
  ModelRecord loaded = encoder("a/b");
  loaded.status = "loaded";
  models_.upsert(loaded);
  ASSERT_EQ(models_.list().size(), 1u);
  const ModelRecord model = models_.list().front();
  EXPECT_EQ(model.status, "loaded");
  EXPECT_EQ(model.dimensions, 384);
  EXPECT_EQ(model.task, ModelTask::TextEmbedding);
  EXPECT_FALSE(model.created_at.empty());
}

TEST_P(ModelRepositoryTest, latest_is_the_highest_version) {
  ModelRecord second = encoder("a/b");
  second.version = 2;
  models_.upsert(second);
  models_.upsert(encoder("a/b"));
  EXPECT_EQ(models_.latest("a/b")->version, 2);
  EXPECT_EQ(models_.latest("a/c"), std::nullopt);
}

TEST_P(ModelRepositoryTest, loading_a_fine_tuned_model_keeps_its_type_and_adapter) {
  ModelRecord tuned = encoder("jammi:fine-tuned:1");
  tuned.type = "fine-tuned";
  tuned.metadata_json = R"({"artifact_path":"/models/1"})";
  models_.upsert(tuned);
  ModelRecord as_loaded = encoder("jammi:fine-tuned:1");
  as_loaded.status = "loaded";
  models_.upsert(as_loaded);
  const auto model = models_.latest("jammi:fine-tuned:1");
  EXPECT_EQ(model->type, "fine-tuned");
  EXPECT_EQ(model->metadata_json, tuned.metadata_json);
  EXPECT_EQ(model->status, "loaded");
}

TEST_P(ModelRepositoryTest, an_unreadable_row_is_reported_with_its_model) {
  models_.upsert(encoder("a/b"));
  catalog_->pool().lease()->execute("UPDATE models SET task = 'juggling'");
  EXPECT_ERROR(ErrorCode::DataCorruption, "Model error: a/b", models_.list());
}

TEST_P(ModelRepositoryTest, a_model_is_seen_by_its_tenant_until_a_second_one_registers_it) {
  models_.upsert(encoder("a/b"), kAlice);
  EXPECT_TRUE(models_.latest("a/b", kAlice));
  EXPECT_FALSE(models_.latest("a/b", kBob));
  models_.upsert(encoder("a/b"), kBob);
  EXPECT_TRUE(models_.latest("a/b", kBob));
  EXPECT_EQ(models_.list({}).size(), 1u);
}

}  // namespace
}  // namespace jammi::catalog
