#include "db/database_url.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::db {
namespace {

sql::ExternalDatabase database(SourceType type, std::string url) {
  return external_database("s", type, {.url = std::move(url), .format = {}, .options = {}});
}

TEST(DatabaseUrl, postgres_shows_the_schema_public_and_gives_up_on_silent_servers) {
  const sql::ExternalDatabase plain = database(SourceType::Postgres, "postgresql://ann:pw@host:5432/shop");
  EXPECT_EQ(plain.address, "postgresql://ann:pw@host:5432/shop?connect_timeout=10");
  EXPECT_EQ(plain.schema, "public");
  EXPECT_EQ(database(SourceType::Postgres, "postgres://host/shop?sslmode=require").address,
            "postgres://host/shop?sslmode=require&connect_timeout=10");
  EXPECT_EQ(database(SourceType::Postgres, "postgres://[::1]:5432/shop?connect_timeout=1").address,
            "postgres://[::1]:5432/shop?connect_timeout=1");
}

TEST(DatabaseUrl, mysql_shows_the_database_and_gives_up_on_silent_servers) {
  const sql::ExternalDatabase plain = database(SourceType::Mysql, "mysql://ann:pw@host:3306/my%20shop");
  EXPECT_EQ(plain.schema, "my shop");
  EXPECT_EQ(plain.address, "mysql://ann:pw@host:3306/my%20shop?connect-timeout=10");
  EXPECT_EQ(database(SourceType::Mysql, "mysql://host/shop?connect-timeout=1").address,
            "mysql://host/shop?connect-timeout=1");
}

TEST(DatabaseUrl, sqlite_is_a_file) {
  const sql::ExternalDatabase file = database(SourceType::Sqlite, sqlite_url("/data/50% off?.db"));
  EXPECT_EQ(file.address, "/data/50% off?.db");
  EXPECT_EQ(file.schema, "main");
  EXPECT_EQ(sqlite_url("/data/x/../a.db"), "sqlite:///data/a.db");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "absolute path", database(SourceType::Sqlite, "sqlite://a.db"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "absolute path", database(SourceType::Sqlite, "sqlite://"));
}

TEST(DatabaseUrl, the_scheme_tells_the_type) {
  EXPECT_EQ(source_type_of("postgres://h/d"), SourceType::Postgres);
  EXPECT_EQ(source_type_of("postgresql://h/d"), SourceType::Postgres);
  EXPECT_EQ(source_type_of("mysql://h/d"), SourceType::Mysql);
  EXPECT_EQ(source_type_of("file:///data/a.csv"), SourceType::File);
  EXPECT_EQ(source_type_of("sqlite:///data/a.db"), SourceType::Sqlite);
  EXPECT_EQ(source_type_of("mysql"), SourceType::File);
}

TEST(DatabaseUrl, the_servers_own_databases_are_refused) {
  for (const char* name : {"mysql", "information_schema", "performance_schema", "SYS"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "the server's own databases cannot be sources",
                 database(SourceType::Mysql, std::string("mysql://host/") + name));
  }
}

TEST(DatabaseUrl, what_is_missing_or_ambiguous_is_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Source error: s: a database needs a url",
               external_database("s", SourceType::Postgres, {}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "a database has no format",
               external_database("s", SourceType::Postgres,
                                 {.url = "postgres://h/d", .format = FileFormat::Csv, .options = {}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "another scheme", database(SourceType::Postgres, "mysql://h/d"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "names no database", database(SourceType::Mysql, "mysql://h:1"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "names no database",
               database(SourceType::Postgres, "postgres://h/"));
}

TEST(DatabaseUrl, a_password_that_is_not_encoded_is_refused_and_not_repeated) {
  for (const char* password :
       {"se/cret", "se@cret", "se?cret", "se#cret", "se cret", "se'cret", "se\"cret", "12/cret"}) {
    try {
      database(SourceType::Postgres, "postgresql://ann:" + std::string(password) + "@host:5432/shop");
      ADD_FAILURE() << password;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
      EXPECT_FALSE(std::string(error.what()).contains("cret")) << error.what();
    }
  }
}

}  // namespace
}  // namespace jammi::db
