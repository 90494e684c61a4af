#include <chrono>
#include <future>
#include <string>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/testing.h"
#include "catalog/postgres.h"
#include "catalog/testing.h"
#include "sql/testing.h"

namespace jammi {
namespace {

/// A table of a server, where somebody drops it while statements are bound to it.
class DroppedTableTest : public ::testing::Test {
 protected:
  DroppedTableTest() {
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    database_ = Database::open(config);
    server_->execute(
        "CREATE TABLE t AS SELECT i AS id, repeat('x', 100) AS note FROM generate_series(1, 50000) i");
    database_->add_source("pg", SourceType::Postgres, {.url = url_, .format = std::nullopt, .options = {}});
  }

  /// Until one waits for the lock that the server's session holds.
  void wait_for_a_scan() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    int64_t num_waiting = 0;
    while (num_waiting == 0 && std::chrono::steady_clock::now() < deadline) {
      catalog::Statement select(
          *server_, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 't'::regclass");
      select.step();
      num_waiting = select.integer(0);
    }
    ASSERT_GT(num_waiting, 0);
  }

  testing::TemporaryDirectory directory_;
  const std::string url_ = catalog::testing::PostgresServer::shared().new_database();
  const std::unique_ptr<catalog::Connection> server_ =
      catalog::connect_postgres(url_, std::chrono::milliseconds(500));
  std::unique_ptr<Database> database_;
};

TEST_F(DroppedTableTest, stays_while_its_rows_are_read) {
  auto reader = database_->sql("SELECT * FROM pg.public.t");
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  EXPECT_ERROR(ErrorCode::Unavailable, "lock timeout", server_->execute("DROP TABLE t"));
  EXPECT_EQ(batch->num_rows() + static_cast<int64_t>(sql::testing::read_rows(*reader).size()), 50'000);
  reader.reset();
  server_->execute("DROP TABLE t");
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: pg.public.t",
               database_->sql("SELECT * FROM pg.public.t"));
}

TEST_F(DroppedTableTest, is_missed_by_the_scan_of_a_statement_that_was_bound_before) {
  server_->execute("BEGIN; LOCK TABLE t");  // which scans wait for, but binding does not
  auto rows = std::async(std::launch::async, [this] {
    return sql::testing::read_rows(*database_->sql("SELECT * FROM pg.public.t"));
  });
  wait_for_a_scan();
  server_->execute("DROP TABLE t; COMMIT");
  EXPECT_ERROR(ErrorCode::NotFound,
               "the server refused to read a table: relation \"public.t\" does not exist", rows.get());
}

TEST_F(DroppedTableTest, is_read_with_its_new_columns_when_it_was_made_anew) {
  database_->sql("SELECT id FROM pg.public.t WHERE id = 7");
  server_->execute(
      "DROP TABLE t; CREATE TABLE t (id TEXT, added INTEGER); INSERT INTO t VALUES ('seven', 1)");
  EXPECT_EQ(sql::testing::read_rows(*database_->sql("SELECT * FROM pg.public.t")),
            (std::vector<sql::testing::Row>{{"seven", "1"}}));
}

}  // namespace
}  // namespace jammi
