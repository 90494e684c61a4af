#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "sql/arrow_status.h"
#include "sql/testing.h"
#include "storage/result_store.h"

namespace jammi {
namespace {

using sql::testing::read_rows;
using sql::testing::Row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() {
    config_ = default_config();
    config_.artifact_dir = directory_.path() / "artifacts";
    config_.engine.execution_threads = 2;
    database_ = Database::open(config_);
  }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.file(name), std::ios::binary) << text;
    return directory_.file(name);
  }

  static SourceConnection csv(const std::string& url) {
    return {.url = url, .format = FileFormat::Csv, .options = {}};
  }

  void add_patents() {
    std::string text = "id,title,year\n1,Alpha,2020\n2,Beta,2021\n3,Gamma,2022\n";
    database_->add_source("patents", SourceType::File, csv(write("patents.csv", text)));
  }

  std::vector<Row> run(const std::string& query) { return read_rows(*database_->sql(query)); }

  // A ready result table of two rows for `source`.
  ResultTableRecord add_result_table(Database& database, const std::string& source) {
    storage::TableDefinition definition;
    definition.source_id = source;
    definition.task = ModelTask::TextEmbedding;
    definition.dimensions = 2;
    definition.key_column = "id";
    definition.text_columns = {"title"};
    definition.model.id = "org/tiny-model";
    auto writer = database.results().create(definition);
    std::vector<std::string> ids{"1", "2"};
    std::vector<float> vectors{1, 0, 0, 1};
    writer->append(ids, vectors);
    writer->seal();
    return writer->finish();
  }

  testing::TemporaryDirectory directory_;
  Config config_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, sources_survive_a_restart) {
  add_patents();
  database_.reset();
  database_ = Database::open(config_);
  EXPECT_THAT(run("SELECT title FROM patents.public.patents WHERE year > 2020 ORDER BY id"),
              ElementsAre(Row{"Beta"}, Row{"Gamma"}));
}

TEST_F(DatabaseTest, a_source_is_checked_before_it_is_registered) {
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: a: no such file: " + directory_.file("nope.csv"),
               database_->add_source("a", SourceType::File, csv(directory_.file("nope.csv"))));
  EXPECT_ERROR(ErrorCode::DataCorruption, "line 2 has 1 fields, the header has 2",
               database_->add_source("a", SourceType::File, csv(write("ragged.csv", "x,y\n1\n"))));
  EXPECT_ERROR(ErrorCode::DataCorruption, "cannot read parquet file: " + directory_.file("cut.parquet"),
               database_->add_source("a", SourceType::File,
                                     {.url = write("cut.parquet", "PAR1 and then nothing"),
                                      .format = FileFormat::Parquet,
                                      .options = {}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "this source id is reserved: temp",
               database_->add_source("temp", SourceType::File, csv(write("t.csv", "a\n1\n"))));
  EXPECT_TRUE(database_->list_sources().empty());
}

TEST_F(DatabaseTest, a_source_id_is_registered_once) {
  add_patents();
  EXPECT_ERROR(ErrorCode::AlreadyExists, "Source error: patents: Source already registered", add_patents());
  EXPECT_ERROR(ErrorCode::AlreadyExists, "Source already registered",
               database_->add_source("Patents", SourceType::File, csv(directory_.file("patents.csv"))));
}

TEST_F(DatabaseTest, relative_paths_are_stored_as_absolute_ones) {
  write("here.csv", "a\n1\n");
  auto relative = std::filesystem::relative(directory_.file("here.csv")).string();
  database_->add_source("here", SourceType::File, csv(relative));
  EXPECT_EQ(database_->list_sources().at(0).connection.url, directory_.file("here.csv"));
}

TEST_F(DatabaseTest, another_process_sees_added_replaced_and_removed_sources) {
  auto other = Database::open(config_);
  add_patents();
  EXPECT_THAT(read_rows(*other->sql("SELECT count(*) FROM patents.public.patents")), ElementsAre(Row{"3"}));
  database_->remove_source("patents");
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: patents.public.patents",
               other->sql("SELECT * FROM patents.public.patents"));
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", other->count_rows("patents"));
  database_->add_source("patents", SourceType::File, csv(write("other.csv", "a\n1\n")));
  EXPECT_THAT(read_rows(*other->sql("SELECT count(*) FROM patents.public.other")), ElementsAre(Row{"1"}));
}

TEST_F(DatabaseTest, a_missing_file_does_not_keep_the_database_from_opening) {
  add_patents();
  std::filesystem::remove(directory_.file("patents.csv"));
  database_.reset();
  database_ = Database::open(config_);
  EXPECT_THAT(run("SELECT 1"), ElementsAre(Row{"1"}));
  EXPECT_ERROR(ErrorCode::NotFound, "no such file: " + directory_.file("patents.csv"),
               run("SELECT * FROM patents.public.patents"));
}

TEST_F(DatabaseTest, describes_counts_and_scans_a_source) {
  add_patents();
  auto tables = database_->describe_source("patents");
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].name, "patents");
  EXPECT_EQ(tables[0].columns.at(1).name, "title");
  EXPECT_EQ(tables[0].columns.at(1).type, "VARCHAR");
  EXPECT_EQ(database_->count_rows("patents"), 3u);
  EXPECT_THAT(read_rows(*database_->scan_source("patents", "", {"year", "id"})),
              ElementsAre(Row{"2020", "1"}, Row{"2021", "2"}, Row{"2022", "3"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: patents: Column not found: nope",
               database_->scan_source("patents", "", {"nope"}));
  EXPECT_ERROR(ErrorCode::NotFound, "Table not found: nope", database_->count_rows("patents", "nope"));
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: nope: Source not found",
               database_->describe_source("nope"));
}

TEST_F(DatabaseTest, a_scan_keeps_the_order_of_a_large_file) {
  std::string text = "n\n";
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + "\n";
  database_->add_source("big", SourceType::File, csv(write("big.csv", text)));
  auto reader = database_->scan_source("big", "", {"n"});
  int64_t expected = 0;
  for (std::shared_ptr<arrow::RecordBatch> batch;;) {
    throw_if_error(reader->ReadNext(&batch));
    if (batch == nullptr) break;
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < values.length(); ++i) ASSERT_EQ(values.Value(i), expected++);
  }
  EXPECT_EQ(expected, 300'000);
}

TEST_F(DatabaseTest, rows_are_fetched_by_key_whatever_its_type) {
  add_patents();
  EXPECT_THAT(read_rows(*database_->fetch_rows("patents", "", "id", {"3", "1", "missing"})),
              UnorderedElementsAre(Row{"1", "Alpha", "2020"}, Row{"3", "Gamma", "2022"}));
  EXPECT_THAT(read_rows(*database_->fetch_rows("patents", "patents", "title", {"Beta"})),
              ElementsAre(Row{"2", "Beta", "2021"}));
  EXPECT_THAT(read_rows(*database_->fetch_rows("patents", "", "id", {})), ElementsAre());
}

TEST_F(DatabaseTest, a_result_table_is_readable_once_it_is_ready) {
  add_patents();
  std::string name = add_result_table(*database_, "patents").table_name;
  std::string expected = "SELECT _row_id, vector FROM ";
  for (const std::string& spelling :
       {"\"jammi." + name + "\"", "jammi.\"" + name + "\"", "jammi_db.jammi.\"" + name + "\""}) {
    EXPECT_THAT(run(expected + spelling + " ORDER BY 1"),
                ElementsAre(Row{"1", "[1, 0]"}, Row{"2", "[0, 1]"}));
  }
  EXPECT_THAT(run("SELECT table_name, status, row_count FROM result_tables"),
              ElementsAre(Row{name, "ready", "2"}));
  database_->remove_source("patents");
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", run("SELECT * FROM \"jammi." + name + "\""));
}

TEST_F(DatabaseTest, a_result_table_of_another_process_is_readable_at_once) {
  add_patents();
  auto other = Database::open(config_);
  std::string name = add_result_table(*database_, "patents").table_name;
  EXPECT_THAT(read_rows(*other->sql("SELECT count(*) FROM \"jammi." + name + "\"")), ElementsAre(Row{"2"}));
}

TEST_F(DatabaseTest, catalog_views_show_what_is_registered) {
  add_patents();
  ModelRecord model;
  model.name = "org/tiny-model";
  model.type = "huggingface";
  model.backend = "candle";
  model.status = "registered";
  model.dimensions = 2;
  database_->catalog().models().upsert(model);
  EXPECT_THAT(run("SELECT source_id, source_type, uri, format FROM sources"),
              ElementsAre(Row{"patents", "file", directory_.file("patents.csv"), "csv"}));
  EXPECT_THAT(run("SELECT model_id, version, task, dimensions FROM models"),
              ElementsAre(Row{"org/tiny-model", "1", "text_embedding", "2"}));
}

MutableTableDefinition tiers() {
  return MutableTableBuilder("tiers")
      .column("id", ColumnType::Utf8)
      .nullable_column("tier", ColumnType::Utf8)
      .column("at", ColumnType::Int64)
      .primary_key({"id"})
      .order_column("at")
      .build();
}

TEST_F(DatabaseTest, mutable_tables_join_with_sources_and_stay_after_a_restart) {
  add_patents();
  EXPECT_EQ(database_->create_mutable_table(tiers()), "tiers");
  EXPECT_THAT(run("INSERT INTO mutable.public.tiers SELECT id, 'gold', year FROM patents.public.patents"),
              ElementsAre(Row{"3"}));
  database_ = Database::open(config_);
  EXPECT_EQ(database_->list_mutable_tables().at(0).columns, tiers().columns);
  EXPECT_THAT(run("UPDATE mutable.public.tiers SET tier = upper(p.title) FROM patents.public.patents p "
                  "WHERE tiers.id = p.id::VARCHAR AND p.year > 2021"),
              ElementsAre(Row{"1"}));
  EXPECT_THAT(run("SELECT p.title, t.tier FROM mutable.public.tiers t JOIN patents.public.patents p "
                  "ON t.id = p.id::VARCHAR ORDER BY p.id"),
              ElementsAre(Row{"Alpha", "gold"}, Row{"Beta", "gold"}, Row{"Gamma", "GAMMA"}));
  database_->drop_mutable_table("tiers");
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", run("SELECT * FROM mutable.public.tiers"));
  EXPECT_ERROR(ErrorCode::NotFound, "Mutable table error: mutable table not found: tiers",
               database_->drop_mutable_table("tiers"));
}

TEST_F(DatabaseTest, only_mutable_tables_can_be_changed) {
  add_patents();
  const std::string result = add_result_table(*database_, "patents").table_name;
  for (const std::string& table : {std::string("patents.public.patents"), "\"jammi." + result + "\"",
                                   std::string("sources"), std::string("models")}) {
    EXPECT_ERROR(ErrorCode::Unsupported, "read-only", run("DELETE FROM " + table));
    EXPECT_ERROR(ErrorCode::Unsupported, "read-only",
                 run("INSERT INTO " + table + " SELECT * FROM " + table));
  }
}

TEST_F(DatabaseTest, a_transaction_takes_statements_and_batches) {
  database_->create_mutable_table(tiers());
  const auto rows = database_->sql_table("SELECT 'b' AS id, NULL::VARCHAR AS tier, 7::BIGINT AS at");
  const auto batch = rows->CombineChunksToBatch().ValueOrDie();
  {
    const auto transaction = database_->transaction();
    transaction->insert_batch("tiers", *batch);
    EXPECT_EQ(transaction->sql("SELECT * FROM mutable.public.tiers")->num_rows(), 1);
  }
  EXPECT_THAT(run("SELECT count(*) FROM mutable.public.tiers"), ElementsAre(Row{"0"}));
  const auto transaction = database_->transaction();
  transaction->sql("INSERT INTO mutable.public.tiers VALUES ('a', 'x', 5)");
  transaction->insert_batch("tiers", *batch);
  transaction->commit();
  EXPECT_EQ(read_rows(*database_->scan_after("tiers", 5)), (std::vector<Row>{{"b", "NULL", "7"}}));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "duplicate key in 'tiers'",
               database_->insert_batch("tiers", *batch));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: nope", database_->insert_batch("nope", *batch));
}

const TenantId kAlice = TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
const TenantId kBob = TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b");

TEST_F(DatabaseTest, tenants_see_their_own_sources_and_those_of_nobody) {
  add_patents();
  const auto alice = database_->with_tenant(kAlice);
  const auto bob = database_->with_tenant(kBob);
  alice->add_source("inbox", SourceType::File, csv(write("inbox.csv", "id\n1\n")));
  ASSERT_EQ(alice->list_sources().size(), 2u);
  EXPECT_EQ(alice->list_sources()[0].tenant_id, kAlice.text());
  EXPECT_EQ(bob->list_sources().size(), 1u);
  EXPECT_EQ(database_->list_sources().size(), 1u);
  EXPECT_EQ(alice->count_rows("inbox"), 1u);
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", bob->count_rows("inbox"));
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", bob->remove_source("inbox"));
  EXPECT_ERROR(ErrorCode::NotFound, "inbox", bob->sql("SELECT * FROM inbox.public.inbox"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error: a source of all tenants",
               alice->remove_source("patents"));
  alice->remove_source("inbox");
  EXPECT_EQ(alice->list_sources().size(), 1u);
}

TEST_F(DatabaseTest, is_bound_in_place_and_keeps_a_begun_call_with_its_tenant) {
  EXPECT_EQ(database_->tenant(), std::nullopt);
  database_->add_source("notes", SourceType::File,
                        csv(write("notes.csv", "id,tenant_id\n1," + kAlice.text() + "\n2,\n")));
  database_->bind_tenant(kAlice);
  EXPECT_EQ(database_->tenant(), kAlice);
  const auto begun = database_->sql("SELECT id FROM notes.public.notes ORDER BY id");
  database_->unbind_tenant();
  EXPECT_THAT(read_rows(*begun), ElementsAre(Row{"1"}, Row{"2"}));
  EXPECT_THAT(run("SELECT id FROM notes.public.notes"), ElementsAre(Row{"2"}));
}

TEST_F(DatabaseTest, the_tenant_column_of_a_source_can_be_declared) {
  database_->add_source(
      "notes", SourceType::File,
      csv(write("notes.csv", "id,customer_id\n1," + kAlice.text() + "\n2," + kBob.text() + "\n3,\n")));
  const auto alice = database_->with_tenant(kAlice);
  EXPECT_EQ(alice->count_rows("notes"), 3u);
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: notes: Column not found: client",
               database_->set_source_tenant_column("notes", "client"));
  database_->set_source_tenant_column("notes", "customer_id");
  EXPECT_EQ(alice->source_tenant_column("notes"), "customer_id");
  EXPECT_EQ(alice->count_rows("notes"), 2u);
  EXPECT_EQ(database_->count_rows("notes"), 1u);
  alice->set_source_tenant_column("notes", "customer_id");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error",
               alice->set_source_tenant_column("notes", std::nullopt));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error", alice->set_source_tenant_column("notes", "id"));

  database_.reset();
  database_ = Database::open(config_);
  EXPECT_EQ(database_->count_rows("notes"), 1u);
  database_->set_source_tenant_column("notes", std::nullopt);
  EXPECT_EQ(database_->count_rows("notes"), 3u);
}

TEST_F(DatabaseTest, a_source_is_not_divided_among_tenants_while_it_has_embeddings) {
  add_patents();
  add_result_table(*database_, "patents");
  EXPECT_ERROR(ErrorCode::Conflict, "its embeddings hold rows of all tenants",
               database_->set_source_tenant_column("patents", "title"));
}

TEST_F(DatabaseTest, result_tables_and_channels_are_the_tenants) {
  add_patents();
  const auto alice = database_->with_tenant(kAlice);
  const auto bob = database_->with_tenant(kBob);
  storage::TableDefinition definition;
  definition.source_id = "patents";
  definition.dimensions = 1;
  definition.model.id = "m";
  auto writer = alice->results().create(definition, kAlice.text());
  const std::string name = writer->table().table_name;
  writer->append(std::vector<std::string>{"1"}, std::vector<float>{1});
  writer->seal();
  writer->finish();
  const std::string query = "SELECT count(*) FROM \"jammi." + name + "\"";
  EXPECT_THAT(read_rows(*alice->sql(query)), ElementsAre(Row{"1"}));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", bob->sql(query));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", database_->sql(query));
  EXPECT_THAT(read_rows(*alice->sql("SELECT count(*) FROM result_tables")), ElementsAre(Row{"1"}));
  EXPECT_THAT(read_rows(*bob->sql("SELECT count(*) FROM result_tables")), ElementsAre(Row{"0"}));

  alice->register_channel("ranker", 5, {{"score", ChannelColumnType::Float32}});
  EXPECT_EQ(alice->list_channels().size(), 3u);
  EXPECT_EQ(bob->list_channels().size(), 2u);
  EXPECT_ERROR(ErrorCode::NotFound, "not registered",
               bob->add_channel_columns("ranker", {{"more", ChannelColumnType::Utf8}}));
}

TEST_F(DatabaseTest, mutable_tables_of_other_tenants_do_not_exist) {
  const auto alice = database_->with_tenant(kAlice);
  const auto bob = database_->with_tenant(kBob);
  alice->create_mutable_table(tiers());
  alice->sql("INSERT INTO mutable.public.tiers VALUES ('a', 'x', 1)");
  const std::string names =
      "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'mutable'";
  EXPECT_THAT(read_rows(*alice->sql(names)), ElementsAre(Row{"tiers"}));
  EXPECT_THAT(read_rows(*bob->sql(names)), IsEmpty());
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", bob->sql("SELECT * FROM mutable.public.tiers"));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table",
               bob->sql("INSERT INTO mutable.public.tiers VALUES ('b', 'y', 2)"));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: tiers", bob->scan_after("tiers", 0));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: tiers", bob->drop_mutable_table("tiers"));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", run("SELECT * FROM mutable.public.tiers"));
  const auto rows =
      sql::value_or_throw(sql::value_or_throw(alice->sql("SELECT * FROM mutable.public.tiers")->ToTable())
                              ->CombineChunksToBatch());
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: tiers", bob->insert_batch("tiers", *rows));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: nope", bob->insert_batch("nope", *rows));
  EXPECT_ERROR(ErrorCode::NotFound, "mutable table not found: tiers",
               bob->transaction()->insert_batch("tiers", *rows));
}

TEST_F(DatabaseTest, lists_of_mutable_tables_show_the_tenants_own) {
  database_->create_mutable_table(tiers());
  const auto alice = database_->with_tenant(kAlice);
  MutableTableDefinition own = tiers();
  own.id = "own";
  alice->create_mutable_table(own);
  const auto listed = [](Database& database) {
    std::vector<std::string> ids;
    for (const MutableTableDefinition& table : database.list_mutable_tables()) ids.push_back(table.id);
    return ids;
  };
  EXPECT_THAT(listed(*alice), ElementsAre("own"));
  EXPECT_THAT(listed(*database_), ElementsAre("tiers"));
  // SQL shows all that can be read.
  EXPECT_THAT(read_rows(*alice->sql("SELECT table_name FROM information_schema.tables "
                                    "WHERE table_catalog = 'mutable' ORDER BY table_name")),
              ElementsAre(Row{"own"}, Row{"tiers"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error: a mutable table of all tenants",
               alice->drop_mutable_table("tiers"));
}

TEST_F(DatabaseTest, rows_of_mutable_tables_are_the_tenants) {
  database_->create_mutable_table(tiers());
  const auto alice = database_->with_tenant(kAlice);
  const auto bob = database_->with_tenant(kBob);
  alice->sql("INSERT INTO mutable.public.tiers VALUES ('a', 'x', 1)");
  bob->sql("INSERT INTO mutable.public.tiers VALUES ('b', 'y', 2)");
  database_->sql("INSERT INTO mutable.public.tiers VALUES ('c', 'z', 3)");
  const std::string all = "SELECT id FROM mutable.public.tiers ORDER BY id";
  EXPECT_THAT(read_rows(*alice->sql(all)), ElementsAre(Row{"a"}, Row{"c"}));
  EXPECT_THAT(read_rows(*bob->sql(all)), ElementsAre(Row{"b"}, Row{"c"}));
  EXPECT_THAT(run(all), ElementsAre(Row{"c"}));
  EXPECT_THAT(read_rows(*alice->sql("DELETE FROM mutable.public.tiers WHERE id = 'b'")),
              ElementsAre(Row{"0"}));
  EXPECT_THAT(read_rows(*alice->sql("UPDATE mutable.public.tiers SET tier = 'w' WHERE id = 'b'")),
              ElementsAre(Row{"0"}));
  EXPECT_EQ(read_rows(*alice->scan_after("tiers", 0)).size(), 2u);
  EXPECT_EQ(bob->transaction()->sql(all)->num_rows(), 2);
  EXPECT_THAT(read_rows(*bob->sql("SELECT tier FROM mutable.public.tiers WHERE id = 'b'")),
              ElementsAre(Row{"y"}));
}

TEST_F(DatabaseTest, rows_of_nobody_are_not_changed_by_a_tenant) {
  database_->create_mutable_table(tiers());
  const auto alice = database_->with_tenant(kAlice);
  alice->sql("INSERT INTO mutable.public.tiers VALUES ('a', 'x', 1)");
  database_->sql("INSERT INTO mutable.public.tiers VALUES ('c', 'z', 3)");
  for (const char* change :
       {"UPDATE mutable.public.tiers SET tier = 'w'", "UPDATE mutable.public.tiers SET id = id || '!'",
        "DELETE FROM mutable.public.tiers", "DELETE FROM mutable.public.tiers WHERE id = 'c'",
        "INSERT INTO mutable.public.tiers VALUES ('c', 'w', 4) "
        "ON CONFLICT (id) DO UPDATE SET tier = excluded.tier",
        "MERGE INTO mutable.public.tiers t USING (VALUES ('c')) s(id) ON t.id = s.id "
        "WHEN MATCHED THEN DELETE"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument,
                 "Tenant error: a row of all tenants is changed or removed without a tenant, in mutable "
                 "table: tiers",
                 alice->sql(change));
  }
  EXPECT_THAT(read_rows(*alice->sql("SELECT id, tier FROM mutable.public.tiers ORDER BY id")),
              ElementsAre(Row{"a", "x"}, Row{"c", "z"}));
  EXPECT_THAT(read_rows(*alice->sql("UPDATE mutable.public.tiers SET tier = 'w' WHERE id = 'a'")),
              ElementsAre(Row{"1"}));
}

}  // namespace
}  // namespace jammi
