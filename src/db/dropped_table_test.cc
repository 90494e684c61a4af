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

  testing::TemporaryDirectory directory_;
  const std::string url_ = catalog::testing::PostgresServer::shared().new_database();
  const std::unique_ptr<catalog::Connection> server_ =
      catalog::connect_postgres(url_, std::chrono::milliseconds(500));
  std::unique_ptr<Database> database_;
};

TEST_F(DroppedTableTest, stays_until_a_statement_that_was_bound_has_ended) {
  auto reader = database_->sql("SELECT * FROM pg.public.t");
  EXPECT_ERROR(ErrorCode::Unavailable, "lock timeout", server_->execute("DROP TABLE t"));
  EXPECT_EQ(sql::testing::read_rows(*reader).size(), 50'000u);
  reader.reset();
  server_->execute("DROP TABLE t");
  EXPECT_ERROR(ErrorCode::NotFound, "no such table: pg.public.t",
               database_->sql("SELECT * FROM pg.public.t"));
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
