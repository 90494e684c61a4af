#include "catalog/mutable_table_repository.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/mutable_table_rules.h"
#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TenantScope kAlice = TenantScope::of("11111111-1111-4111-8111-111111111111");
const TenantScope kBob = TenantScope::of("22222222-2222-4222-8222-222222222222");

MutableTableBuilder items(const std::string& id = "item_dimensions") {
  return MutableTableBuilder(id)
      .column("item_id", ColumnType::Utf8)
      .column("valid_from", ColumnType::Int64)
      .nullable_column("valid_to", ColumnType::Int64)
      .primary_key({"item_id", "valid_from"});
}

MutableIndex index(const std::string& name, std::vector<std::string> columns, bool is_unique = false) {
  return {.name = name, .columns = std::move(columns), .is_unique = is_unique};
}

class MutableTableRepositoryTest : public testing::BackendTest {
 protected:
  MutableTableRepositoryTest() {
    const std::vector<std::string> names = stored("table");
    own_tables_ = {names.begin(), names.end()};
  }

  std::vector<std::string> ids(const TenantScope& scope = {}) const {
    std::vector<std::string> names;
    for (const MutableTableDefinition& table : tables_.list(scope)) names.push_back(table.id);
    return names;
  }

  /// The names of the tables or indexes that the database has, the catalog's own left out.
  std::vector<std::string> stored(const std::string& type) const {
    std::vector<std::string> names;
    auto lease = catalog_->pool().lease();
    Statement select(
        *lease, GetParam() == Backend::Sqlite
                    ? "SELECT name, tbl_name FROM sqlite_schema WHERE type = ? ORDER BY name"
                    : "SELECT name, of FROM (SELECT 'table' AS type, tablename AS name, tablename AS of, "
                      "schemaname FROM pg_tables UNION ALL SELECT 'index', indexname, tablename, schemaname "
                      "FROM pg_indexes) WHERE type = ? AND schemaname = current_schema() ORDER BY name");
    select.bind(std::string_view(type));
    while (select.step()) {
      if (!own_tables_.contains(select.text(1))) names.push_back(select.text(0));
    }
    return names;
  }

  std::shared_ptr<Catalog> catalog_ = place_.open();
  MutableTableRepository& tables_ = catalog_->mutable_tables();
  std::set<std::string> own_tables_;
};
TEST_ON_BOTH_BACKENDS(MutableTableRepositoryTest);

TEST_P(MutableTableRepositoryTest, a_table_comes_back_as_it_was_defined) {
  const MutableTableDefinition defined = MutableTableBuilder("events")
                                             .column("at", ColumnType::UInt64)
                                             .nullable_column("naïve \"name\"; --", ColumnType::Binary)
                                             .primary_key({"at"})
                                             .index(index("by name", {"naïve \"name\"; --"}, true))
                                             .order_column("at")
                                             .user_metadata(R"({"owner":"me"})")
                                             .build();
  tables_.add(defined);
  const MutableTableDefinition listed = tables_.list().at(0);
  EXPECT_EQ(listed.id, "events");
  EXPECT_EQ(listed.columns, defined.columns);
  EXPECT_THAT(listed.primary_key, ElementsAre("at"));
  EXPECT_EQ(listed.indexes, defined.indexes);
  EXPECT_EQ(listed.order_column, "at");
  EXPECT_EQ(listed.user_metadata, R"({"owner":"me"})");
  EXPECT_FALSE(listed.tenant_id);
  EXPECT_FALSE(listed.created_at.empty());
}

TEST_P(MutableTableRepositoryTest, the_physical_table_has_every_column_and_the_hidden_tenant) {
  tables_.add(items().index(index("idx_active", {"item_id", "valid_to"})).build());
  EXPECT_THAT(stored("table"), ElementsAre("item_dimensions"));
  auto lease = catalog_->pool().lease();
  Statement select(*lease, GetParam() == Backend::Sqlite
                               ? "SELECT name, type FROM pragma_table_info('item_dimensions')"
                               : "SELECT column_name, upper(data_type) FROM information_schema.columns "
                                 "WHERE table_name = 'item_dimensions' AND table_schema = current_schema() "
                                 "ORDER BY ordinal_position");
  std::vector<std::string> columns;
  while (select.step()) columns.push_back(select.text(0) + " " + select.text(1));
  const std::string integer = GetParam() == Backend::Sqlite ? " INTEGER" : " BIGINT";
  EXPECT_THAT(columns,
              ElementsAre("item_id TEXT", "valid_from" + integer, "valid_to" + integer, "tenant_id TEXT"));
}

TEST_P(MutableTableRepositoryTest, columns_of_the_primary_key_are_never_null) {
  tables_.add(MutableTableBuilder("t").nullable_column("k", ColumnType::Utf8).primary_key({"k"}).build());
  EXPECT_FALSE(tables_.list().at(0).columns.at(0).is_nullable);
}

TEST_P(MutableTableRepositoryTest, a_registration_that_fails_leaves_nothing) {
  {
    auto lease = catalog_->pool().lease();
    lease->execute("CREATE TABLE in_the_way (x TEXT)");
  }
  EXPECT_ERROR(ErrorCode::Internal,
               "Mutable table error: backend: ", tables_.add(items("in_the_way").build()));
  // The second index fails after the table and the first were made.
  const MutableTableDefinition clash =
      items().index(index("first", {"valid_to"})).index(index("in_the_way", {"valid_from"})).build();
  EXPECT_ERROR(ErrorCode::Internal, "in_the_way", tables_.add(clash));
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_THAT(stored("table"), ElementsAre("in_the_way"));
  EXPECT_THAT(stored("index"), IsEmpty());
}

TEST_P(MutableTableRepositoryTest, ids_and_index_names_are_taken_once) {
  tables_.add(items().index(index("idx", {"valid_to"})).build(), kAlice);
  EXPECT_ERROR(ErrorCode::AlreadyExists, "Mutable table error: mutable table already exists: item_dimensions",
               tables_.add(items().build(), kBob));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "index 'idx' already exists, of mutable table: item_dimensions",
               tables_.add(items("other").index(index("idx", {"valid_to"})).build(), kAlice));
  EXPECT_THAT(stored("table"), ElementsAre("item_dimensions"));
}

TEST_P(MutableTableRepositoryTest, dropping_removes_rows_table_and_indexes) {
  tables_.add(items().index(index("idx", {"valid_to"})).build());
  tables_.remove("item_dimensions");
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_THAT(stored("table"), IsEmpty());
  EXPECT_THAT(stored("index"), IsEmpty());
  EXPECT_ERROR(ErrorCode::NotFound, "Mutable table error: mutable table not found: item_dimensions",
               tables_.remove("item_dimensions"));
  tables_.add(items().index(index("idx", {"valid_to"})).build());
}

TEST_P(MutableTableRepositoryTest, a_table_made_anew_may_have_other_types) {
  for (const ColumnType type : {ColumnType::Int64, ColumnType::Utf8, ColumnType::Binary}) {
    tables_.add(MutableTableBuilder("t").column("k", type).primary_key({"k"}).build());
    {
      auto lease = catalog_->pool().lease();
      Statement(*lease, "INSERT INTO t (k) VALUES (?)").bind(std::string_view("1")).run();
      Statement select(*lease, "SELECT k FROM t");
      ASSERT_TRUE(select.step());
      EXPECT_EQ(select.bytes(0), "1");
    }
    tables_.remove("t");
  }
}

TEST_P(MutableTableRepositoryTest, a_table_that_holds_a_topics_events_stays) {
  tables_.add(items("log").build());
  catalog_->pool().lease()->execute(
      "INSERT INTO topics (topic_id, name, schema_json, backing_table) VALUES ('1', 'cdc', '{}', 'log')");
  EXPECT_ERROR(ErrorCode::Conflict, "drop the topic whose events 'log' holds instead: cdc",
               tables_.remove("log"));
  EXPECT_THAT(ids(), ElementsAre("log"));
}

TEST_P(MutableTableRepositoryTest, tenants_list_and_drop_only_their_own) {
  tables_.add(items("a").build(), kAlice);
  tables_.add(items("b").build(), kBob);
  tables_.add(items("c").build());
  EXPECT_THAT(ids(kAlice), ElementsAre("a"));
  EXPECT_THAT(ids(), ElementsAre("c"));
  EXPECT_THAT(ids(TenantScope::everything()), ElementsAre("a", "b", "c"));
  EXPECT_ERROR(ErrorCode::NotFound, "not found: b", tables_.remove("b", kAlice));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Tenant error: a mutable table of all tenants is dropped without a tenant: c",
               tables_.remove("c", kAlice));
  tables_.remove("a", kAlice);
  EXPECT_THAT(ids(TenantScope::everything()), ElementsAre("b", "c"));
}

TEST_P(MutableTableRepositoryTest, no_error_names_what_belongs_to_another_tenant) {
  tables_.add(items("hidden").index(index("idx", {"valid_to"})).build(), kBob);
  catalog_->pool().lease()->execute(
      "INSERT INTO topics (topic_id, name, schema_json, backing_table) VALUES ('1', 'cdc', '{}', 'hidden')");
  EXPECT_ERROR(ErrorCode::NotFound, "Mutable table error: mutable table not found: hidden",
               tables_.remove("hidden", kAlice));
  try {
    tables_.add(items("mine").index(index("idx", {"valid_to"})).build(), kAlice);
    ADD_FAILURE() << "an index of that name exists";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "index 'idx' already exists");
  }
}

TEST(MutableTableRules, names_every_rule_that_a_definition_breaks) {
  const auto expect_refused = [](const std::string& message, const MutableTableBuilder& builder) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "Mutable table error: " + message, builder.build());
  };
  expect_refused("invalid mutable table id: empty", items(""));
  expect_refused("invalid mutable table id: length must be 1..=63 (got 64)", items(std::string(64, 'a')));
  expect_refused("invalid mutable table id: only lowercase ASCII, digits, and `_` allowed; got: Items",
                 items("Items"));
  for (const char* reserved : {"__topic_1", "_jammi_audit", "sqlite_x", "pg_class"}) {
    expect_refused(std::string("invalid mutable table id: reserved for the engine: ") + reserved,
                   items(reserved));
  }
  expect_refused("schema validation: the schema must have a column", MutableTableBuilder("t"));
  expect_refused("reserved column name: Tenant_Id", items().column("Tenant_Id", ColumnType::Utf8));
  expect_refused("reserved column name: _offset", items().column("_offset", ColumnType::Int64));
  expect_refused("schema validation: two columns of one name, ignoring case: ITEM_ID",
                 items().column("ITEM_ID", ColumnType::Utf8));
  expect_refused("schema validation: primary key must not be empty", items().primary_key({}));
  expect_refused("primary key column not present in schema: nope", items().primary_key({"nope"}));
  expect_refused("schema validation: primary key names a column twice: item_id",
                 items().primary_key({"item_id", "item_id"}));
  expect_refused("schema validation: no columns in index 'i'", items().index(index("i", {})));
  expect_refused("schema validation: column 'nope' not in schema in index 'i'",
                 items().index(index("i", {"nope"})));
  expect_refused("schema validation: order_column 'nope' not in schema", items().order_column("nope"));
  expect_refused("schema validation: order_column 'item_id' must be Int64 or UInt64, got Utf8",
                 items().order_column("item_id"));
  expect_refused("schema validation: chunk_size must be at least 1", items().chunk_size(0));
  expect_refused("user_metadata is not JSON: {", items().user_metadata("{"));
}

TEST(MutableTableRules, refuses_ten_thousand_columns_and_takes_a_thousand) {
  std::vector<MutableColumn> columns;
  for (int i = 0; i < 10'000; ++i) {
    columns.push_back({.name = "c" + std::to_string(i), .type = ColumnType::Int64, .is_nullable = true});
  }
  EXPECT_ERROR(ErrorCode::InvalidArgument, "too many columns: 10000",
               MutableTableBuilder("wide", columns).primary_key({"c0"}).build());
  columns.resize(1'000);
  jammi::testing::TemporaryDirectory directory;
  auto catalog = Catalog::open(directory.path() / "catalog.db");
  catalog->mutable_tables().add(MutableTableBuilder("wide", columns).primary_key({"c0"}).build());
  EXPECT_EQ(catalog->mutable_tables().list().at(0).columns.size(), 1'000u);
}

TEST(MutableTableRules, no_table_of_the_catalog_can_be_taken) {
  jammi::testing::TemporaryDirectory directory;
  auto catalog = Catalog::open(directory.path() / "catalog.db");
  auto lease = catalog->pool().lease();
  Statement select(*lease, "SELECT name FROM sqlite_schema WHERE type = 'table'");
  while (select.step()) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "reserved for the engine",
                 require_mutable_table_id(select.text(0)));
  }
}

TEST(ColumnTypes, are_parsed_by_name) {
  EXPECT_EQ(parse_column_type("Float32"), ColumnType::Float32);
  EXPECT_EQ(to_string(ColumnType::Binary), "Binary");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "unsupported schema type 'Decimal'; expected one of Boolean, Int8",
               parse_column_type("Decimal"));
}

}  // namespace
}  // namespace jammi::catalog
