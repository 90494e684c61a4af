#include "catalog/result_table_repository.h"

#include <regex>

#include <gtest/gtest.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

ResultTableRecord building(const std::string& name, const std::string& created_at) {
  ResultTableRecord table;
  table.table_name = name;
  table.source_id = "patents";
  table.model_id = "a/b";
  table.parquet_path = "/r/" + name + ".parquet";
  table.index_path = "/r/" + name;
  table.dimensions = 384;
  table.key_column = "id";
  table.text_columns = {"title", "abstract"};
  table.created_at = created_at;
  return table;
}

class ResultTableRepositoryTest : public testing::BackendTest {
 protected:
  void insert_ready(const std::string& name, const std::string& created_at) {
    tables_.insert_building(building(name, created_at));
    tables_.mark_ready(name, 1);
  }

  std::shared_ptr<Catalog> catalog_ = place_.open();
  ResultTableRepository& tables_ = catalog_->result_tables();
};
TEST_ON_BOTH_BACKENDS(ResultTableRepositoryTest);

TEST_P(ResultTableRepositoryTest, a_table_goes_from_building_to_ready) {
  tables_.insert_building(building("t", "2026-01-01T00:00:00.000Z"));
  EXPECT_EQ(tables_.get("t").status, ResultTableStatus::Building);
  const ResultTableRecord ready = tables_.mark_ready("t", 42);
  EXPECT_EQ(ready.status, ResultTableStatus::Ready);
  EXPECT_EQ(ready.row_count, 42);
  EXPECT_EQ(ready.text_columns, (std::vector<std::string>{"title", "abstract"}));
  EXPECT_EQ(ready.distance_metric, "cosine");
  ASSERT_TRUE(ready.completed_at);
  EXPECT_TRUE(std::regex_match(*ready.completed_at, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  EXPECT_EQ(tables_.get("t").completed_at, ready.completed_at);
}

TEST_P(ResultTableRepositoryTest, only_a_building_table_can_become_ready_or_failed) {
  insert_ready("t", "2026-01-01T00:00:00.000Z");
  tables_.mark_failed("t");
  EXPECT_EQ(tables_.get("t").status, ResultTableStatus::Ready);
  EXPECT_ERROR(ErrorCode::Conflict, "removed while it was being written: t", tables_.mark_ready("t", 1));
  EXPECT_ERROR(ErrorCode::Conflict, "removed while it was being written: u", tables_.mark_ready("u", 1));
}

TEST_P(ResultTableRepositoryTest, latest_is_by_creation_time_then_by_insertion) {
  insert_ready("newer", "2026-01-02T00:00:00.000Z");
  insert_ready("older", "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(tables_.latest_ready_embedding("patents").table_name, "newer");
  insert_ready("newer-too", "2026-01-02T00:00:00.000Z");
  EXPECT_EQ(tables_.latest_ready_embedding("patents").table_name, "newer-too");
}

TEST_P(ResultTableRepositoryTest, latest_ignores_other_sources_tasks_states_and_tenants) {
  insert_ready("t", "2026-01-01T00:00:00.000Z");
  ResultTableRecord ner = building("ner", "2026-01-09T00:00:00.000Z");
  ner.task = ModelTask::Ner;
  tables_.insert_building(ner);
  tables_.mark_ready("ner", 1);
  tables_.insert_building(building("unfinished", "2026-01-09T00:00:00.000Z"));
  ResultTableRecord foreign = building("foreign", "2026-01-09T00:00:00.000Z");
  foreign.tenant_id = "11111111-1111-4111-8111-111111111111";
  tables_.insert_building(foreign);
  tables_.mark_ready("foreign", 1);
  EXPECT_EQ(tables_.latest_ready_embedding("patents").table_name, "t");
  EXPECT_EQ(tables_.latest_ready_embedding("patents", TenantScope::of(*foreign.tenant_id)).table_name,
            "foreign");
  EXPECT_ERROR(ErrorCode::NotFound, "Catalog error: No ready embedding table for source 'papers'",
               tables_.latest_ready_embedding("papers"));
  EXPECT_ERROR(ErrorCode::NotFound, "Catalog error: Result table 'foreign' not found",
               tables_.get("foreign"));
}

TEST_P(ResultTableRepositoryTest, a_taken_name_is_refused) {
  tables_.insert_building(building("t", ""));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "already holds", tables_.insert_building(building("t", "")));
}

TEST_P(ResultTableRepositoryTest, an_unreadable_row_is_reported_with_its_table) {
  insert_ready("t", "2026-01-01T00:00:00.000Z");
  catalog_->pool().lease()->execute("UPDATE result_tables SET status = 'lost'");
  EXPECT_ERROR(ErrorCode::DataCorruption, "the row of result table 't'", tables_.list());
}

TEST_P(ResultTableRepositoryTest, failing_a_source_takes_its_tables_out_of_search) {
  insert_ready("t", "2026-01-01T00:00:00.000Z");
  tables_.insert_building(building("u", "2026-01-02T00:00:00.000Z"));
  EXPECT_EQ(tables_.mark_source_failed("patents").size(), 2u);
  EXPECT_ERROR(ErrorCode::NotFound, "No ready", tables_.latest_ready_embedding("patents"));
  EXPECT_ERROR(ErrorCode::Conflict, "u", tables_.mark_ready("u", 1));
  tables_.remove("t");
  EXPECT_EQ(tables_.list(TenantScope::everything()).size(), 1u);
}

}  // namespace
}  // namespace jammi::catalog
