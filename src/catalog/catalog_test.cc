#include "catalog/catalog.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/schema.h"
#include "catalog/sqlite.h"
#include "catalog/testing.h"

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

class CatalogTest : public testing::BackendTest {};
TEST_ON_BOTH_BACKENDS(CatalogTest);

TEST_P(CatalogTest, a_new_catalog_has_every_migration_in_its_ledger) {
  auto catalog = place_.open();
  EXPECT_THAT(
      texts(*catalog, "SELECT name FROM applied_migrations ORDER BY name"),
      ElementsAre("001_core_tables", "002_result_tables", "003_eval_columns", "004_drop_embedding_sets",
                  "005_tenant_scope", "006_channel_columns", "007_mutable_tables", "008_mutable_order_column",
                  "009_topics", "010_rename_source_type_local_to_file"));
}

TEST_P(CatalogTest, tables_have_the_columns_of_the_format_page) {
  auto catalog = place_.open();
  auto columns_of = [&](const std::string& table) {
    return texts(*catalog, GetParam() == Backend::Sqlite
                               ? "SELECT name FROM pragma_table_info('" + table + "')"
                               : "SELECT column_name FROM information_schema.columns WHERE table_name = '" +
                                     table +
                                     "' AND table_schema = current_schema() ORDER BY ordinal_position");
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

TEST_P(CatalogTest, built_in_evidence_channels_are_seeded_in_order) {
  auto catalog = place_.open();
  EXPECT_THAT(texts(*catalog,
                    "SELECT channel_name || '.' || column_name || ' ' || column_type "
                    "FROM evidence_channels JOIN evidence_channel_columns USING (channel_name) "
                    "ORDER BY priority, ordinal"),
              ElementsAre("vector.similarity Float32", "inference.inference_model Utf8",
                          "inference.inference_task Utf8", "inference.inference_confidence Float32"));
}

TEST_P(CatalogTest, reopening_keeps_rows_and_applies_nothing_twice) {
  place_.open()->sources().add("patents", SourceType::File, {});
  auto catalog = place_.open();
  EXPECT_EQ(catalog->sources().list().size(), 1u);
  EXPECT_THAT(texts(*catalog, "SELECT count(*) FROM evidence_channels"), ElementsAre("2"));
}

TEST_P(CatalogTest, a_newer_catalog_is_refused) {
  place_.open()->pool().lease()->execute("INSERT INTO applied_migrations VALUES ('999_from_the_future', '')");
  EXPECT_ERROR(ErrorCode::Unsupported, "999_from_the_future", place_.open());
}

TEST_P(CatalogTest, a_lock_held_past_the_timeout_is_unavailable) {
  auto holder = place_.open();
  auto waiter = place_.open({.busy_timeout = std::chrono::milliseconds(1)});
  auto lease = holder->pool().lease();
  Transaction transaction(*lease);
  EXPECT_ERROR(ErrorCode::Unavailable, "locked by another writer", waiter->channels().add("late", 3, {}));
  EXPECT_EQ(waiter->channels().list().size(), 2u);
}

TEST_P(CatalogTest, texts_compare_by_their_bytes) {
  auto catalog = place_.open();
  for (const char* id : {"b", "a", "B", "ä", "A b", "A"}) catalog->sources().add(id, SourceType::File, {});
  EXPECT_THAT(texts(*catalog, "SELECT source_id FROM sources ORDER BY source_id"),
              ElementsAre("A", "A b", "B", "a", "b", "ä"));
  EXPECT_THAT(texts(*catalog, "SELECT source_id FROM sources WHERE source_id < 'a' ORDER BY source_id"),
              ElementsAre("A", "A b", "B"));
}

TEST_P(CatalogTest, an_exhausted_pool_is_unavailable_until_a_lease_returns) {
  auto catalog = place_.open({.pool_size = 1, .busy_timeout = std::chrono::milliseconds(1)});
  {
    auto lease = catalog->pool().lease();
    EXPECT_ERROR(ErrorCode::Unavailable, "every connection", catalog->ping());
  }
  catalog->ping();
}

class SqliteCatalogTest : public ::testing::Test {
 protected:
  jammi::testing::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "deep" / "catalog.db";
};

TEST_F(SqliteCatalogTest, uses_the_write_ahead_log_and_foreign_keys) {
  auto catalog = Catalog::open(file_);
  EXPECT_THAT(texts(*catalog, "PRAGMA journal_mode"), ElementsAre("wal"));
  EXPECT_THAT(texts(*catalog, "PRAGMA foreign_keys"), ElementsAre("1"));
  EXPECT_THAT(texts(*catalog, "PRAGMA synchronous"), ElementsAre("1"));
}

TEST_F(SqliteCatalogTest, its_version_differs_after_every_change_and_only_then) {
  auto catalog = Catalog::open(file_);
  auto other = Catalog::open(file_);
  const std::optional<int64_t> before = catalog->version();
  ASSERT_TRUE(before);
  EXPECT_EQ(catalog->version(), before);
  catalog->sources().add("own", SourceType::File, {});
  const std::optional<int64_t> after_own = catalog->version();
  EXPECT_NE(after_own, before);
  other->sources().add("of another", SourceType::File, {});
  EXPECT_NE(catalog->version(), after_own);
}

TEST_F(SqliteCatalogTest, a_catalog_of_an_older_version_is_brought_forward) {
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

TEST_F(SqliteCatalogTest, a_file_that_is_no_database_is_refused_by_name) {
  std::filesystem::create_directories(file_.parent_path());
  std::ofstream(file_) << std::string(4096, 'x');
  EXPECT_ERROR(ErrorCode::DataCorruption, file_.string(), Catalog::open(file_));
}

TEST_F(SqliteCatalogTest, a_damaged_database_is_refused_by_name) {
  Catalog::open(file_)->sources().add("patents", SourceType::File, {});
  std::fstream stream(file_, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(100);
  stream << std::string(8192, '\xA5');
  stream.close();
  EXPECT_ERROR(ErrorCode::DataCorruption, file_.string(), Catalog::open(file_)->sources().list());
}

TEST_F(SqliteCatalogTest, a_place_where_nothing_can_be_written_is_refused_by_name) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "/proc/jammi", Catalog::open("/proc/jammi/catalog.db"));
  std::filesystem::create_directories(file_);
  EXPECT_ERROR(ErrorCode::InvalidArgument, file_.string(), Catalog::open(file_));
}

}  // namespace
}  // namespace jammi::catalog
