#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <jammi/database.h>
#include <jammi/error.h>
#include <jammi/mutable_table.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "catalog/testing.h"
#include "sql/arrow_status.h"
#include "sql/testing.h"
#include "statements.h"
#include "storage/result_store.h"

namespace jammi::isolation {
namespace {

using catalog::Backend;
using catalog::TenantScope;

const TenantId kAlice = TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
const TenantId kBob = TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b");

// Parts of values that only rows of one tenant hold; no statement contains one.
const std::vector<std::string> kBobsMarkers{"crossing", "4711", "987654", "1931-07"};
const std::vector<std::string> kAlicesMarkers{"314159", "271828"};

const std::string kHeader = "id,tenant_id,body,amount,born\n";
const std::string kOtherRows = "101," + kAlice.text() + ",314159,1.5,2001-01-01\n" + "102," + kAlice.text() +
                               ",271828,2.5,2002-02-02\n" + "103,,shared,3.5,2003-03-03\n" +
                               "104,,78,4.5,2004-04-04\n";
const std::string kBobsRows = "7001," + kBob.text() + ",zebra-crossing-4711,987654321.25,1931-07-13\n" +
                              "7002," + kBob.text() + ",zebra-crossing-4711b,987654322.25,1931-07-14\n";

// Ids of sources and keys of mutable tables are unique over all tenants, so whether one is taken cannot be
// hidden; these tell.
const std::set<std::string> kTellWhetherAnIdIsTaken{
    "tables of a source shown",    "tables of a schema shown", "another schema of a source",
    "a source without its schema", "a function of a source",   "an upsert that finds a hidden key"};

/// A table that statements are run on.
struct TargetTable {
  std::string path;
  std::string tenant_column;
};

/// A database of Alice, of nobody and, unless he never was there, of Bob.
class World {
 public:
  World(bool has_bob, Backend backend) : catalog_(backend) {
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    if (backend == Backend::Postgres) {
      config.catalog.kind = Config::CatalogKind::Postgres;
      config.catalog.url = catalog_.url();
    }
    config.engine.execution_threads = 1;  // of several rows that fail, always the same is reported
    database_ = Database::open(config);
    add_csv(*database_, "notes", kHeader + kOtherRows + (has_bob ? kBobsRows : ""));
    add_parquet("orders");
    add_json("events");
    add_ledger(has_bob);
    if (has_bob) add_bobs_own();
  }

  /// What a statement gives as text: its columns and rows, which are sorted, or its error.
  std::string outcome(const TenantScope& scope, const std::string& statement) const {
    std::string text;
    try {
      const auto reader = database_->within(scope)->sql(statement);
      for (const std::string& column : sql::testing::column_names(*reader)) text += column + " | ";
      std::vector<sql::testing::Row> rows = sql::testing::read_rows(*reader);
      std::ranges::sort(rows);
      for (const sql::testing::Row& row : rows) {
        text += '\n';
        for (const std::string& value : row) text += value + " | ";
      }
    } catch (const Error& error) {
      text = std::string(error_traits(error.code()).name) + ": " + error.what();
    }
    return replaced(text, directory_.path().string(), "DIRECTORY");
  }

  const std::string& bobs_result_table() const { return bobs_result_table_; }

 private:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.file(name)) << text;
    return directory_.file(name);
  }

  void add_csv(Database& database, const std::string& id, const std::string& text) {
    database.add_source(id, SourceType::File,
                        {.url = write(id + ".csv", text), .format = FileFormat::Csv, .options = {}});
  }

  std::shared_ptr<arrow::Table> read_all(const std::string& query) {
    return database_->within(TenantScope::everything())->sql_table(query);
  }

  /// The same rows, whose tenant is in the column "customer".
  void add_parquet(const std::string& id) {
    const auto table = read_all("SELECT * RENAME (tenant_id AS customer) FROM notes.public.notes");
    const std::string path = directory_.file(id + ".parquet");
    const auto file = sql::value_or_throw(arrow::io::FileOutputStream::Open(path));
    sql::throw_if_error(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, /*chunk_size=*/2));
    sql::throw_if_error(file->Close());
    database_->add_source(
        id, SourceType::File,
        {.url = path, .format = FileFormat::Parquet, .options = {{"tenant_column", "customer"}}});
  }

  /// The same rows, whose tenant is found to be of type UUID.
  void add_json(const std::string& id) {
    std::string text;
    const auto objects = read_all("SELECT to_json(n)::VARCHAR FROM notes.public.notes n");
    for (const auto& chunk : objects->column(0)->chunks()) {
      const auto& lines = static_cast<const arrow::StringArray&>(*chunk);
      for (int64_t i = 0; i < lines.length(); ++i) text += lines.GetString(i) + "\n";
    }
    database_->add_source(id, SourceType::File,
                          {.url = write(id + ".json", text), .format = FileFormat::Json, .options = {}});
  }

  /// The same rows in a mutable table, each written by its tenant.
  void add_ledger(bool has_bob) {
    database_->create_mutable_table(MutableTableBuilder("ledger")
                                        .column("id", ColumnType::Int64)
                                        .nullable_column("owner", ColumnType::Utf8)
                                        .nullable_column("body", ColumnType::Utf8)
                                        .nullable_column("amount", ColumnType::Float64)
                                        .nullable_column("born", ColumnType::Utf8)
                                        .primary_key({"id"})
                                        .build());
    const std::string insert =
        "INSERT INTO mutable.public.ledger SELECT * FROM notes.public.notes WHERE tenant_id IS ";
    database_->sql(insert + "NULL");
    database_->with_tenant(kAlice)->sql(insert + "NOT NULL");
    if (has_bob) database_->with_tenant(kBob)->sql(insert + "NOT NULL");
  }

  void add_bobs_own() {
    const auto bob = database_->with_tenant(kBob);
    add_csv(*bob, "bobs", kHeader + kBobsRows);
    bob->register_channel("zebra_crossing", 7, {{"crossing", ChannelColumnType::Utf8}});
    ModelRecord model;
    model.name = "zebra-crossing-model";
    model.type = "local";
    model.backend = "candle";
    model.status = "registered";
    model.metadata_json = R"({"artifact_path": "/crossing"})";
    bob->catalog().models().upsert(model, bob->scope());

    storage::TableDefinition definition;
    definition.source_id = "bobs";
    definition.dimensions = 1;
    definition.key_column = "id";
    definition.text_columns = {"body"};
    definition.model.id = "m";
    const auto writer = bob->results().create(definition, kBob.text());
    writer->append(std::vector<std::string>{"crossing-4711"}, std::vector<float>{1});
    writer->seal();
    bobs_result_table_ = writer->finish().table_name;
  }

  testing::TemporaryDirectory directory_;
  const catalog::testing::CatalogPlace catalog_;
  std::unique_ptr<Database> database_;
  std::string bobs_result_table_;
};

/// Runs every statement of the corpus on every table that it can be meant for, on each backend of the
/// catalog, which also holds the rows of mutable tables.
class IsolationTest : public ::testing::TestWithParam<Backend> {
 protected:
  template <typename Visit>
  void for_each_statement(const Visit& visit) const {
    for (const Statement& statement : statements_) {
      const bool names_table = statement.text.contains("$t");
      for (const TargetTable& table : tables_) {
        std::string text = replaced(statement.text, "$owner", table.tenant_column);
        text = replaced(replaced(text, "$alice", kAlice.text()), "$bob", kBob.text());
        visit(statement, replaced(text, "$t", table.path));
        if (!names_table) break;
      }
    }
  }

  static std::string first_found(const std::string& text, const std::vector<std::string>& markers) {
    for (const std::string& marker : markers) {
      if (text.contains(marker)) return marker;
    }
    return "";
  }

  const World world_{/*has_bob=*/true, GetParam()};
  const World world_without_bob_{/*has_bob=*/false, GetParam()};
  const std::vector<Statement> statements_ =
      read_statements(JAMMI_SOURCE_DIR "/tests/isolation/statements.sql");
  const std::vector<TargetTable> tables_{{"notes.public.notes", "tenant_id"},
                                         {"orders.public.orders", "customer"},
                                         {"events.public.events", "tenant_id"},
                                         {"mutable.public.ledger", "owner"},
                                         {"bobs.public.bobs", "tenant_id"},
                                         {"\"jammi." + world_.bobs_result_table() + "\"", "_row_id"},
                                         {"jammi.\"" + world_.bobs_result_table() + "\"", "_row_id"}};
};

TEST_ON_BOTH_BACKENDS(IsolationTest);

TEST_P(IsolationTest, the_corpus_is_large_and_its_names_differ) {
  std::set<std::string> names;
  for (const Statement& statement : statements_)
    EXPECT_TRUE(names.insert(statement.name).second) << statement.name;
  EXPECT_GE(statements_.size(), 150u);
}

TEST_P(IsolationTest, no_value_of_another_tenant_is_in_rows_names_or_errors) {
  const TenantScope alice = TenantScope::of(kAlice.text());
  for_each_statement([&](const Statement& statement, const std::string& text) {
    const std::string outcome = world_.outcome(alice, text);
    EXPECT_EQ(first_found(outcome, kBobsMarkers), "") << statement.name << ": " << text << "\n" << outcome;
    if (!statement.text.contains("$bob")) {
      EXPECT_FALSE(outcome.contains(kBob.text())) << statement.name << ": " << text << "\n" << outcome;
    }
  });
}

TEST_P(IsolationTest, no_statement_changes_rows_of_another_tenant_or_of_nobody) {
  const TenantScope alice = TenantScope::of(kAlice.text());
  const TenantScope bob = TenantScope::of(kBob.text());
  const std::string bobs_rows =
      "SELECT * FROM mutable.public.ledger WHERE owner = '" + kBob.text() + "' AND id > 6999";
  const std::string nobodys_rows = "SELECT * FROM mutable.public.ledger";
  const std::string before = world_.outcome(bob, bobs_rows);
  const std::string shared_before = world_.outcome(TenantScope(), nobodys_rows);
  EXPECT_TRUE(before.contains("zebra-crossing-4711b"));
  EXPECT_TRUE(shared_before.contains("shared"));
  for_each_statement([&](const Statement&, const std::string& text) { world_.outcome(alice, text); });
  EXPECT_EQ(world_.outcome(TenantScope(), nobodys_rows), shared_before);
  for_each_statement([&](const Statement&, const std::string& text) { world_.outcome(TenantScope(), text); });
  EXPECT_EQ(world_.outcome(bob, bobs_rows), before);
}

TEST_P(IsolationTest, nothing_tells_whether_another_tenant_has_rows) {
  const TenantScope alice = TenantScope::of(kAlice.text());
  for_each_statement([&](const Statement& statement, const std::string& text) {
    if (kTellWhetherAnIdIsTaken.contains(statement.name)) return;
    if (text.starts_with("EXPLAIN ANALYZE")) return;  // tells times
    EXPECT_EQ(world_.outcome(alice, text), world_without_bob_.outcome(alice, text))
        << statement.name << ": " << text;
  });
}

TEST_P(IsolationTest, without_a_tenant_only_rows_of_nobody_are_seen) {
  std::vector<std::string> markers = kBobsMarkers;
  markers.append_range(kAlicesMarkers);
  for_each_statement([&](const Statement& statement, const std::string& text) {
    const std::string outcome = world_.outcome(TenantScope(), text);
    EXPECT_EQ(first_found(outcome, markers), "") << statement.name << ": " << text << "\n" << outcome;
  });
}

TEST_P(IsolationTest, the_corpus_finds_an_engine_that_hides_nothing) {
  size_t num_seen = 0;
  size_t num_different = 0;
  for_each_statement([&](const Statement&, const std::string& text) {
    const std::string outcome = world_.outcome(TenantScope::everything(), text);
    if (!first_found(outcome, kBobsMarkers).empty()) ++num_seen;
    if (outcome != world_without_bob_.outcome(TenantScope::everything(), text)) ++num_different;
  });
  EXPECT_GT(num_seen, 200u);
  EXPECT_GT(num_different, 500u);
}

}  // namespace
}  // namespace jammi::isolation
