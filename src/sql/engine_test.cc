#include "sql/engine.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/testing.h"
#include "sql/arrow_status.h"
#include "sql/testing.h"

namespace jammi::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::read_rows;
using testing::Row;

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : engine_(options(), content()) {}

  EngineOptions options() {
    return {.threads = 2,
            .memory_limit_bytes = 512 << 20,
            .temp_directory = directory_.path() / "tmp",
            .batch_size = 1000};
  }

  CatalogContent content() {
    return {.find_result_table = [](const std::string&, const auto&) { return std::nullopt; },
            .list_result_tables = [](const auto&) { return std::vector<ResultFile>(); },
            .views = {{.name = "things",
                       .schema = arrow::schema({arrow::field("n", arrow::int64())}),
                       .read = [this](const auto&) { return numbers(num_things_); }}}};
  }

  static std::shared_ptr<arrow::Table> numbers(int64_t count) {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < count; ++i) throw_if_error(builder.Append(i));
    return arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                              {value_or_throw(builder.Finish())});
  }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.file(name), std::ios::binary) << text;
    return directory_.file(name);
  }

  void add_csv(const std::string& id, const std::string& text) {
    engine_.add_source(id, {{.name = id, .format = FileFormat::Csv, .location = write(id + ".csv", text)}});
  }

  std::vector<Row> run(const std::string& statement) { return read_rows(*engine_.query(statement)); }

  jammi::testing::TemporaryDirectory directory_;
  int64_t num_things_ = 2;
  Engine engine_;
};

TEST_F(EngineTest, brackets_that_nest_too_deeply_are_refused_before_parsing) {
  const std::string deep = std::string(10'000, '(') + "1" + std::string(10'000, ')');
  EXPECT_ERROR(ErrorCode::InvalidArgument, "brackets nest too deeply, at most: 200",
               engine_.query("SELECT " + deep));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "brackets nest too deeply", engine_.parse_expression(deep));
  EXPECT_NO_THROW(engine_.query("SELECT '" + std::string(10'000, '(') + "'"));
}

TEST_F(EngineTest, a_statement_is_repeatable_when_only_its_one_table_decides_about_its_rows) {
  add_csv("a", "n,t\n1,x\n");
  for (const char* condition : {"n > 1", "n IN (1, 2, 3) AND t LIKE 'a%'", "lower(t) = 'x'", "true",
                                "n BETWEEN 1 AND 2 OR t IS NULL", "list_contains([1, 2], n)"}) {
    EXPECT_TRUE(engine_.is_repeatable(std::string("SELECT t FROM a.public.a WHERE ") + condition))
        << condition;
  }
  for (const char* condition :
       {"random() < 0.5", "now() > '2020-01-01'", "current_date > '2020-01-01'",
        "n IN (SELECT n FROM things)", "EXISTS (SELECT 1 FROM a.public.a)", "n + random() > 1",
        "t = CAST(uuid() AS VARCHAR)", "n = (SELECT count(*) FROM range(3))"}) {
    EXPECT_FALSE(engine_.is_repeatable(std::string("SELECT t FROM a.public.a WHERE ") + condition))
        << condition;
  }
}

TEST_F(EngineTest, asking_whether_a_statement_is_repeatable_checks_it) {
  EXPECT_ERROR(ErrorCode::NotFound, "no such table", engine_.is_repeatable("SELECT 1 FROM nothing"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "zz", engine_.is_repeatable("SELECT zz FROM things"));
  EXPECT_ERROR(ErrorCode::Unsupported, "only SELECT", engine_.is_repeatable("DROP TABLE things"));
}

TEST_F(EngineTest, views_are_read_when_the_query_runs) {
  EXPECT_THAT(run("SELECT count(*) FROM things"), ElementsAre(Row{"2"}));
  num_things_ = 5;
  EXPECT_THAT(run("SELECT count(*) FROM things"), ElementsAre(Row{"5"}));
}

TEST_F(EngineTest, source_ids_are_short_text_without_control_characters) {
  for (const std::string& id :
       {std::string(), std::string(256, 'x'), std::string("a\nb"), std::string("\xff")}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "a source id must be 1 to 255 bytes of UTF-8",
                 Engine::require_free_name(id));
  }
  Engine::require_free_name("größe; \"DROP\" --");
}

TEST_F(EngineTest, source_ids_are_reserved_or_taken_without_regard_to_case) {
  add_csv("patents", "a\n1\n");
  EXPECT_ERROR(ErrorCode::AlreadyExists, "already known: PATENTS", add_csv("PATENTS", "a\n1\n"));
  for (const char* reserved : {"mutable", "Information_Schema", "system", "temp", "main", "memory", "jammi",
                               "jammi_db", "pg_catalog", "public", ""}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "source id", Engine::require_free_name(reserved));
  }
}

TEST_F(EngineTest, a_removed_source_is_gone_and_a_query_that_reads_it_finishes) {
  std::string text = "a\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
  add_csv("big", text);
  auto reader = engine_.query("SELECT a FROM big.public.big");
  engine_.remove_source("big");
  EXPECT_EQ(read_rows(*reader).size(), 50'000u);
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: big.public.big", run("SELECT * FROM big.public.big"));
  EXPECT_ERROR(ErrorCode::NotFound, "no such source: big", engine_.remove_source("big"));
}

TEST_F(EngineTest, columns_follow_the_file) {
  add_csv("s", "a\n1\n");
  EXPECT_THAT(run("SELECT * FROM s.public.s"), ElementsAre(Row{"1"}));
  write("s.csv", "a,b\n1,x\n2,y\n");
  EXPECT_THAT(run("SELECT * FROM s.public.s"), ElementsAre(Row{"1", "x"}, Row{"2", "y"}));
  EXPECT_EQ(engine_.describe_source("s").at(0).columns.at(1).name, "b");
}

TEST_F(EngineTest, the_fingerprint_changes_with_the_files_and_only_then) {
  add_csv("s", "a\n1\n");
  std::string before = engine_.source_fingerprint("s");
  EXPECT_EQ(engine_.source_fingerprint("s"), before);
  write("s.csv", "a\n1\n2\n");
  EXPECT_NE(engine_.source_fingerprint("s"), before);
}

TEST_F(EngineTest, a_file_deleted_after_registration_is_named_by_the_query) {
  add_csv("s", "a\n1\n");
  std::filesystem::remove(directory_.file("s.csv"));
  EXPECT_ERROR(ErrorCode::NotFound, "no such file: " + directory_.file("s.csv"),
               run("SELECT * FROM s.public.s"));
}

TEST_F(EngineTest, a_ragged_csv_file_is_refused_with_its_line) {
  add_csv("early", "a,b,c\n1,2,3\n4,5\n");
  EXPECT_ERROR(ErrorCode::DataCorruption, "early.csv: line 3 has 2 fields, the header has 3",
               run("SELECT * FROM early.public.early"));
  std::string late = "a,b\n";
  for (int i = 0; i < 60'000; ++i) late += "1,2\n";
  add_csv("late", late + "1,2,3\n4,5\n");
  EXPECT_ERROR(ErrorCode::DataCorruption, "CSV Error on Line: 60002", run("SELECT * FROM late.public.late"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "late.csv", run("SELECT * FROM late.public.late"));
}

TEST_F(EngineTest, files_whose_names_hold_wildcards_are_themselves) {
  engine_.add_source("odd",
                     {{.name = "odd", .format = FileFormat::Csv, .location = write("a[1]*.csv", "q\n7\n")}});
  EXPECT_THAT(run("SELECT q FROM odd.public.odd"), ElementsAre(Row{"7"}));
}

TEST_F(EngineTest, relations_are_seen_by_one_query_only_and_can_be_filtered) {
  add_csv("s", "a,b\n3,x\n4,y\n");
  Relations relations{{"hits", numbers(1000)}};
  EXPECT_THAT(read_rows(*engine_.query_with_relations(
                  "SELECT b, n FROM hits JOIN s.public.s ON a = n WHERE n > 3 ORDER BY n", relations)),
              ElementsAre(Row{"y", "4"}));
  EXPECT_THAT(
      read_rows(*engine_.query_with_relations("SELECT count(*), sum(n) FROM hits WHERE n = 777", relations)),
      ElementsAre(Row{"1", "777"}));
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: hits", run("SELECT * FROM hits"));
}

TEST_F(EngineTest, all_rows_at_once_come_in_large_chunks) {
  const Relations relations{{"hits", numbers(100'000)}};
  const std::string statement = "SELECT n + 1 AS m FROM hits";
  const auto table = engine_.query_table(statement, relations);
  EXPECT_TRUE(table->Equals(*value_or_throw(engine_.query_with_relations(statement, relations)->ToTable())));
  EXPECT_EQ(table->num_rows(), 100'000);
  EXPECT_LE(table->column(0)->num_chunks(), 2);
  EXPECT_EQ(engine_.query_table("SELECT 1 AS a WHERE false", {})->schema()->field_names(),
            std::vector<std::string>{"a"});
}

TEST_F(EngineTest, all_rows_at_once_are_none_when_one_fails) {
  EXPECT_ERROR(
      ErrorCode::InvalidArgument, "boom",
      engine_.query_table("SELECT CASE WHEN range = 150000 THEN error('boom') END FROM range(200000)", {}));
}

TEST_F(EngineTest, a_relation_with_two_columns_of_one_name_is_refused) {
  for (const char* second : {"n", "N"}) {
    const auto table = numbers(3);
    const auto ambiguous = *table->AddColumn(1, arrow::field(second, arrow::int64()), table->column(0));
    EXPECT_ERROR(ErrorCode::InvalidArgument,
                 "Relation 'hits' has two columns of one name, ignoring case: '" + std::string(second) + "'",
                 engine_.query_with_relations("SELECT 1", {{"hits", ambiguous}}));
  }
}

TEST_F(EngineTest, an_expression_is_parsed_as_one_expression_or_refused) {
  EXPECT_EQ(engine_.parse_expression("year>2020 and title = 'it''s'"),
            "((\"year\" > 2020) AND (title = 'it''s'))");
  EXPECT_EQ(engine_.parse_expression("a > 1 -- a note"), "(a > 1)");
  for (const char* hostile :
       {"", "1, 2", "1=1) UNION SELECT 1 --", "1; DROP TABLE x", "a FROM things", "a LIMIT 1", "DISTINCT a",
        "a AS b", "1) UNION SELECT (1", "a) -- ", "SELECT"}) {
    SCOPED_TRACE(hostile);
    EXPECT_ERROR(ErrorCode::InvalidArgument, "", engine_.parse_expression(hostile));
  }
}

TEST_F(EngineTest, batches_hold_at_most_the_configured_rows) {
  auto reader = engine_.query("SELECT range FROM range(10000)");
  int64_t num_rows = 0;
  for (std::shared_ptr<arrow::RecordBatch> batch;;) {
    throw_if_error(reader->ReadNext(&batch));
    if (batch == nullptr) break;
    EXPECT_LE(batch->num_rows(), 1000);
    num_rows += batch->num_rows();
  }
  EXPECT_EQ(num_rows, 10'000);
}

TEST_F(EngineTest, integer_sums_are_64_bit_integers_or_an_error) {
  auto reader = engine_.query("SELECT sum(range) FROM range(10)");
  EXPECT_EQ(reader->schema()->field(0)->type()->id(), arrow::Type::INT64);
  EXPECT_THAT(read_rows(*reader), ElementsAre(Row{"45"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "out of the range of BIGINT",
               run("SELECT sum(9223372036854775807 - range) FROM range(3)"));
}

TEST_F(EngineTest, explain_names_its_columns_like_a_plan) {
  auto reader = engine_.query("EXPLAIN SELECT count(*) FROM things WHERE n = 1");
  EXPECT_THAT(testing::column_names(*reader), ElementsAre("plan_type", "plan"));
  EXPECT_THAT(read_rows(*reader).at(0).at(1), HasSubstr("n = 1"));
}

TEST_F(EngineTest, an_error_in_the_middle_of_a_stream_ends_it) {
  auto reader =
      engine_.query("SELECT CASE WHEN range = 150000 THEN error('boom') ELSE range END FROM range(200000)");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "boom", read_rows(*reader));
  std::shared_ptr<arrow::RecordBatch> batch;
  EXPECT_FALSE(reader->ReadNext(&batch).ok());
}

TEST_F(EngineTest, a_stop_interrupts_a_query_that_would_run_for_hours) {
  std::stop_source source;
  auto reader = engine_.query("SELECT range FROM range(10000000000000)", source.get_token());
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(reader->ReadNext(&batch).ok());
  std::atomic<bool> is_reading = false;
  std::thread stopper([&] {
    is_reading.wait(false);
    source.request_stop();
  });
  arrow::Status status;
  while (status.ok()) {
    is_reading = true;
    is_reading.notify_one();
    status = reader->ReadNext(&batch);
  }
  stopper.join();
  EXPECT_ERROR(ErrorCode::Cancelled, "the query was cancelled", throw_if_error(status));
}

TEST_F(EngineTest, a_stop_wakes_a_read_that_waits_for_its_first_row) {
  std::stop_source source;
  auto reader =
      engine_.query("SELECT count(*) FROM range(10000000) a, range(10000000) b", source.get_token());
  std::atomic<bool> is_reading = false;
  std::thread stopper([&] {
    is_reading.wait(false);
    source.request_stop();
  });
  is_reading = true;
  is_reading.notify_one();
  EXPECT_ERROR(ErrorCode::Cancelled, "the query was cancelled", read_rows(*reader));
  stopper.join();
}

TEST_F(EngineTest, a_stop_requested_before_the_query_prevents_it) {
  std::stop_source source;
  source.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "the query was cancelled",
               engine_.query("SELECT 1", source.get_token()));
}

constexpr char kEndless[] =
    "SELECT sum(a.range * b.range % (c.range + 1)) FROM range(20000) a, range(20000) b, range(20000) c";

TEST_F(EngineTest, a_stop_requested_before_a_long_query_does_not_wait_for_it) {
  std::stop_source source;
  source.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "the query was cancelled", engine_.query(kEndless, source.get_token()));
}

TEST_F(EngineTest, dropping_the_reader_of_a_long_query_does_not_wait_for_it) {
  EXPECT_NE(engine_.query(kEndless), nullptr);
}

TEST_F(EngineTest, closing_early_frees_the_query) {
  auto reader = engine_.query("SELECT range FROM range(10000000000000)");
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(reader->ReadNext(&batch).ok());
  ASSERT_TRUE(reader->Close().ok());
  ASSERT_TRUE(reader->ReadNext(&batch).ok());
  EXPECT_EQ(batch, nullptr);
}

TEST_F(EngineTest, twenty_million_rows_stream_in_bounded_memory) {
  auto peak_bytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024L;
  };
  auto reader = engine_.query("SELECT range AS id, range * 1.5 AS v, 's' || range AS s FROM range(20000000)");
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  int64_t num_rows = 0;
  long before = peak_bytes();
  while (batch != nullptr) {
    num_rows += batch->num_rows();
    throw_if_error(reader->ReadNext(&batch));
  }
  EXPECT_EQ(num_rows, 20'000'000);
  EXPECT_LT(peak_bytes() - before, 300L << 20);
}

TEST_F(EngineTest, more_distinct_texts_than_memory_spill_to_the_temporary_directory) {
  EngineOptions small = options();
  small.memory_limit_bytes = 64 << 20;
  Engine engine(small, content());
  auto rows =
      read_rows(*engine.query("SELECT count(DISTINCT repeat('x', 100) || range) FROM range(1500000)"));
  EXPECT_THAT(rows, ElementsAre(Row{"1500000"}));
}

TEST_F(EngineTest, batches_outlive_their_reader_and_engine) {
  std::shared_ptr<arrow::RecordBatch> batch;
  {
    Engine engine(options(), content());
    throw_if_error(engine.query("SELECT 'text ' || range FROM range(3)")->ReadNext(&batch));
  }
  EXPECT_EQ(testing::value_text(*value_or_throw(batch->column(0)->GetScalar(2))), "text 2");
}

TEST_F(EngineTest, queries_run_at_the_same_time) {
  add_csv("s", "a\n1\n2\n3\n");
  std::atomic<int> num_right = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        if (run("SELECT sum(a) FROM s.public.s") == std::vector<Row>{{"6"}}) ++num_right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(num_right, 80);
}

const std::string kAlice = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a";
const std::string kBob = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b";

/// Rows of two tenants and of nobody, told by `tenant_id` or by another column.
class TenantRuleTest : public EngineTest {
 protected:
  TenantRuleTest() {
    add("notes", "tenant_id", {});
    add("orders", "customer", {.owner = std::nullopt, .tenant_column = "Customer"});
    add("inbox", "nothing", {.owner = kBob, .tenant_column = ""});
  }

  void add(const std::string& id, const std::string& column, SourceTenancy tenancy) {
    const std::string text = "n," + column + "\n1," + kAlice + "\n2," + kBob + "\n3,\n";
    engine_.add_source(id, {{.name = id, .format = FileFormat::Csv, .location = write(id + ".csv", text)}},
                       std::move(tenancy));
  }

  std::vector<Row> run_as(const catalog::TenantScope& scope, const std::string& statement) {
    return read_rows(*engine_.query(statement, {}, scope));
  }

  const catalog::TenantScope alice_ = catalog::TenantScope::of(kAlice);
};

TEST_F(TenantRuleTest, a_tenant_sees_its_rows_and_those_of_nobody) {
  for (const std::string table : {"notes.public.notes", "orders.public.orders"}) {
    EXPECT_THAT(run_as(alice_, "SELECT n FROM " + table + " ORDER BY n"), ElementsAre(Row{"1"}, Row{"3"}));
    EXPECT_THAT(run_as(alice_, "SELECT count(*) FROM " + table), ElementsAre(Row{"2"}));
    EXPECT_THAT(run("SELECT n FROM " + table), ElementsAre(Row{"3"}));
    EXPECT_THAT(run_as(catalog::TenantScope::everything(), "SELECT sum(n) FROM " + table),
                ElementsAre(Row{"6"}));
  }
}

TEST_F(TenantRuleTest, covers_tables_wherever_a_statement_reads_them) {
  EXPECT_THAT(run_as(alice_,
                     "WITH c AS MATERIALIZED (SELECT * FROM notes.public.notes) SELECT max(c.n), "
                     "(SELECT list(n ORDER BY n) FROM orders.public.orders o WHERE o.n <= max(c.n)) FROM c"),
              ElementsAre(Row{"3", "[1, 3]"}));
  EXPECT_THAT(run_as(alice_, "SELECT 1 WHERE EXISTS (SELECT 1 FROM notes.public.notes WHERE n = 2)"),
              ElementsAre());
}

TEST_F(TenantRuleTest, nothing_is_computed_for_rows_of_others) {
  const std::string condition =
      " WHERE CASE WHEN n = 2 THEN error('leak ' || tenant_id)::BOOLEAN ELSE true END";
  EXPECT_THAT(run_as(alice_, "SELECT count(*) FROM notes.public.notes" + condition), ElementsAre(Row{"2"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "leak",
               run_as(catalog::TenantScope::of(kBob), "SELECT count(*) FROM notes.public.notes" + condition));
}

TEST_F(TenantRuleTest, a_source_of_another_tenant_does_not_exist) {
  EXPECT_THAT(run_as(catalog::TenantScope::of(kBob), "SELECT count(*) FROM inbox.public.inbox"),
              ElementsAre(Row{"3"}));
  const auto message = [&](const std::string& source) {
    try {
      run_as(alice_, "SELECT * FROM " + source + ".public.t");
    } catch (const Error& error) {
      std::string text = error.what();
      for (size_t at = text.find(source); at != std::string::npos; at = text.find(source)) {
        text.replace(at, source.size(), "?");
      }
      return text;
    }
    return std::string();
  };
  EXPECT_EQ(message("inbox"), message("nowhere"));
  for (const std::string list : {"SELECT database_name FROM duckdb_databases()", "SHOW DATABASES",
                                 "SELECT table_catalog FROM information_schema.tables",
                                 "SELECT catalog_name FROM information_schema.schemata"}) {
    for (const Row& row : run_as(alice_, list)) EXPECT_NE(row[0], "inbox") << list;
    EXPECT_THAT(run_as(catalog::TenantScope::of(kBob), list), ::testing::Contains(Row{"inbox"})) << list;
  }
}

TEST_F(TenantRuleTest, a_table_without_the_tenant_column_of_its_source_cannot_be_read) {
  add("broken", "other", {.owner = std::nullopt, .tenant_column = "customer"});
  EXPECT_ERROR(ErrorCode::NotFound, "table 'broken' lacks the tenant column of its source: customer",
               run_as(alice_, "SELECT * FROM broken.public.broken"));
}

TEST_F(TenantRuleTest, relations_are_the_callers_own) {
  const auto rows = engine_.query_table("SELECT n, tenant_id FROM notes.public.notes", {}, {},
                                        catalog::TenantScope::everything());
  EXPECT_EQ(engine_.query_table("SELECT * FROM given", {{"given", rows}}, {}, alice_)->num_rows(), 3);
}

TEST_F(TenantRuleTest, rows_are_explained_but_not_counted) {
  run_as(alice_, "EXPLAIN SELECT * FROM notes.public.notes");
  EXPECT_ERROR(ErrorCode::Unsupported, "EXPLAIN ANALYZE would count the rows of other tenants",
               run_as(alice_, "EXPLAIN ANALYZE SELECT * FROM notes.public.notes"));
}

}  // namespace
}  // namespace jammi::sql
