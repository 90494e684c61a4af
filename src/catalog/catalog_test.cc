#include "catalog/catalog.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "catalog/schema.h"
#include "catalog/sqlite.h"

namespace jammi::catalog {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> texts(Catalog& catalog, const std::string& sql) {
  auto lease = catalog.pool().lease();
  Statement select(*lease, sql);
  std::vector<std::string> values;
  while (select.step()) values.push_back(select.text(0));
  return values;
}

class CatalogTest : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "deep" / "catalog.db";
};

TEST_F(CatalogTest, a_new_catalog_has_every_migration_in_its_ledger) {
  auto catalog = Catalog::open(file_);
  EXPECT_THAT(
      texts(*catalog, "SELECT name FROM applied_migrations ORDER BY name"),
      ElementsAre("001_core_tables", "002_result_tables", "003_eval_columns", "004_drop_embedding_sets",
                  "005_tenant_scope", "006_channel_columns", "007_mutable_tables", "008_mutable_order_column",
                  "009_topics", "010_rename_source_type_local_to_file"));
}

TEST_F(CatalogTest, tables_have_the_columns_of_the_format_page) {
  auto catalog = Catalog::open(file_);
  auto columns_of = [&](const std::string& table) {
    return texts(*catalog, "SELECT name FROM pragma_table_info('" + table + "')");
  };
  EXPECT_THAT(columns_of("eval_runs"),
              ElementsAre("run_id", "model_id", "eval_type", "source_id", "metrics", "config", "created_at",
                          "golden_source", "k", "status", "tenant_id"));
  EXPECT_THAT(columns_of("mutable_tables"),
              ElementsAre("id", "schema_json", "primary_key", "tenant_id", "user_metadata", "backend_kind",
                          "created_at", "updated_at", "order_column"));
  EXPECT_THAT(columns_of("topics"), ElementsAre("topic_id", "name", "schema_json", "tenant_id",
                                                "broker_metadata", "backing_table", "created_at"));
}

TEST_F(CatalogTest, built_in_evidence_channels_are_seeded_in_order) {
  auto catalog = Catalog::open(file_);
  EXPECT_THAT(texts(*catalog,
                    "SELECT channel_name || '.' || column_name || ' ' || column_type "
                    "FROM evidence_channels JOIN evidence_channel_columns USING (channel_name) "
                    "ORDER BY priority, ordinal"),
              ElementsAre("vector.similarity Float32", "inference.inference_model Utf8",
                          "inference.inference_task Utf8", "inference.inference_confidence Float32"));
}

TEST_F(CatalogTest, uses_the_write_ahead_log_and_foreign_keys) {
  auto catalog = Catalog::open(file_);
  EXPECT_THAT(texts(*catalog, "PRAGMA journal_mode"), ElementsAre("wal"));
  EXPECT_THAT(texts(*catalog, "PRAGMA foreign_keys"), ElementsAre("1"));
  EXPECT_THAT(texts(*catalog, "PRAGMA synchronous"), ElementsAre("1"));
}

TEST_F(CatalogTest, reopening_keeps_rows_and_applies_nothing_twice) {
  Catalog::open(file_)->sources().add("patents", SourceType::File, {});
  auto catalog = Catalog::open(file_);
  EXPECT_EQ(catalog->sources().list().size(), 1u);
  EXPECT_THAT(texts(*catalog, "SELECT count(*) FROM evidence_channels"), ElementsAre("2"));
}

TEST_F(CatalogTest, a_catalog_of_an_older_version_is_brought_forward) {
  {
    std::filesystem::create_directories(file_.parent_path());
    const auto connection = open_sqlite(file_, std::chrono::seconds(1));
    connection->execute("CREATE TABLE applied_migrations (name TEXT PRIMARY KEY, applied_at TEXT)");
    for (const Migration& migration : migrations().first(2)) {
      connection->execute(migration.sql);
      connection->execute("INSERT INTO applied_migrations VALUES ('" + std::string(migration.name) +
                          "', '')");
    }
    connection->execute(
        "INSERT INTO sources (source_id, name, source_type, uri, options) "
        "VALUES ('old', 'old', '\"local\"', 'a.csv', '{\"url\":\"a.csv\",\"format\":\"csv\"}')");
  }
  const SourceRecord source = Catalog::open(file_)->sources().get("old");
  EXPECT_EQ(source.type, SourceType::File);
  EXPECT_EQ(source.connection.format, FileFormat::Csv);
}

TEST_F(CatalogTest, a_newer_catalog_is_refused) {
  Catalog::open(file_)->pool().lease()->execute(
      "INSERT INTO applied_migrations VALUES ('999_from_the_future', '')");
  EXPECT_ERROR(ErrorCode::Unsupported, "999_from_the_future", Catalog::open(file_));
}

TEST_F(CatalogTest, a_file_that_is_no_database_is_refused_by_name) {
  std::filesystem::create_directories(file_.parent_path());
  std::ofstream(file_) << std::string(4096, 'x');
  EXPECT_ERROR(ErrorCode::DataCorruption, file_.string(), Catalog::open(file_));
}

TEST_F(CatalogTest, a_damaged_database_is_refused_by_name) {
  Catalog::open(file_)->sources().add("patents", SourceType::File, {});
  std::fstream stream(file_, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(100);
  stream << std::string(8192, '\xA5');
  stream.close();
  EXPECT_ERROR(ErrorCode::DataCorruption, file_.string(), Catalog::open(file_)->sources().list());
}

TEST_F(CatalogTest, a_place_where_nothing_can_be_written_is_refused_by_name) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "/proc/jammi", Catalog::open("/proc/jammi/catalog.db"));
  std::filesystem::create_directories(file_);
  EXPECT_ERROR(ErrorCode::InvalidArgument, file_.string(), Catalog::open(file_));
}

TEST_F(CatalogTest, a_lock_held_past_the_timeout_is_unavailable) {
  auto holder = Catalog::open(file_);
  auto waiter = Catalog::open(file_, {.busy_timeout = std::chrono::milliseconds(1)});
  auto lease = holder->pool().lease();
  Transaction transaction(*lease);
  EXPECT_ERROR(ErrorCode::Unavailable, "locked by another writer",
               waiter->sources().add("patents", SourceType::File, {}));
  EXPECT_TRUE(waiter->sources().list().empty());
}

TEST_F(CatalogTest, an_exhausted_pool_is_unavailable_until_a_lease_returns) {
  auto catalog = Catalog::open(file_, {.pool_size = 1, .busy_timeout = std::chrono::milliseconds(1)});
  {
    auto lease = catalog->pool().lease();
    EXPECT_ERROR(ErrorCode::Unavailable, "every connection", catalog->ping());
  }
  catalog->ping();
}

}  // namespace
}  // namespace jammi::catalog
