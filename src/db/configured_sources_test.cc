#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/testing.h"
#include "catalog/postgres.h"
#include "catalog/testing.h"
#include "sql/testing.h"

namespace jammi {
namespace {

using catalog::testing::PostgresServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfiguredSourcesTest : public ::testing::Test {
 protected:
  ConfiguredSourcesTest() { config_.artifact_dir = directory_.path() / "artifacts"; }

  /// A database of the server with the table `t` of one row.
  static std::string with_row(const std::string& row) {
    std::string url = PostgresServer::shared().new_database();
    catalog::connect_postgres(url, std::chrono::seconds(5))
        ->execute("CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('" + row + "')");
    return url;
  }

  static std::vector<sql::testing::Row> rows(Database& database) {
    return sql::testing::read_rows(*database.sql("SELECT name FROM shop.public.t"));
  }

  testing::TemporaryDirectory directory_;
  Config config_ = default_config();
};

TEST_F(ConfiguredSourcesTest, are_added_once_and_follow_their_url) {
  config_.sources = {{"shop", with_row("first")}};
  EXPECT_THAT(rows(*Database::open(config_)), ElementsAre(sql::testing::Row{"first"}));
  EXPECT_THAT(rows(*Database::open(config_)), ElementsAre(sql::testing::Row{"first"}));
  config_.sources = {{"shop", with_row("second")}};
  const auto moved = Database::open(config_);
  EXPECT_THAT(rows(*moved), ElementsAre(sql::testing::Row{"second"}));
  EXPECT_EQ(moved->list_sources().size(), 1u);
  config_.sources = {};
  EXPECT_THAT(rows(*Database::open(config_)), ElementsAre(sql::testing::Row{"second"}));
}

TEST_F(ConfiguredSourcesTest, that_cannot_be_reached_are_logged_without_their_password) {
  config_.sources = {{"shop", "postgresql://ann:secret@127.0.0.1:1/shop"}};
  ::testing::internal::CaptureStderr();
  const auto database = Database::open(config_);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("a source of the configuration is left as it was: Source error: shop"));
  EXPECT_EQ(log.find("secret"), std::string::npos);
  EXPECT_THAT(database->list_sources(), IsEmpty());
}

TEST_F(ConfiguredSourcesTest, of_files_and_other_schemes_are_refused) {
  config_.sources = {{"shop", "ftp://ann:secret@host/shop"}};
  EXPECT_ERROR(ErrorCode::InvalidArgument, "sources.shop must be the URL of a PostgreSQL",
               Database::open(config_));
}

}  // namespace
}  // namespace jammi
