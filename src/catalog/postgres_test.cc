#include "catalog/postgres.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

using testing::PostgresServer;

constexpr std::chrono::seconds kTimeout(5);

/// What `call` throws, which must hold neither the password nor a part of it.
template <typename Call>
Error error_without_password(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    for (const char* part : {"secret", "p@ss", "p%40ss", "%73%65"})
      EXPECT_FALSE(std::string(error.what()).contains(part)) << error.what();
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorCode::Internal, ErrorCategory::None, "");
}

int64_t backend_process(Catalog& catalog) {
  auto lease = catalog.pool().lease();
  Statement select(*lease, "SELECT pg_backend_pid()");
  select.step();
  return select.integer(0);
}

class PostgresTest : public ::testing::Test {
 protected:
  testing::CatalogPlace place_{Backend::Postgres};
};

TEST_F(PostgresTest, a_url_that_is_none_is_refused_and_not_repeated) {
  for (const char* url : {"mysql://ann:secret@h/d", "host=h password=secret", "postgresql://ann:secret@h",
                          "postgres://ann:se/secret@h/d", "postgres://ann:se%secret@h/d"}) {
    const Error error = error_without_password([&] { Catalog::connect(url); });
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(std::string(error.what()).starts_with("Configuration error: catalog.url: ")) << error.what();
  }
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Configuration error: catalog.url is required when",
               Catalog::connect(""));
  EXPECT_EQ(postgres_address("postgres://ann:secret@h:1/d?sslmode=disable"), "postgresql://ann@h:1/d");
}

TEST_F(PostgresTest, a_wrong_password_or_database_is_refused) {
  PostgresServer& server = PostgresServer::shared();
  Error error = error_without_password(
      [&] { connect_postgres(server.url("postgres", "wrong p@ss secret"), kTimeout); });
  EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
  EXPECT_TRUE(error.message().contains("password authentication failed for user \"jammi\"")) << error.what();
  error = error_without_password([&] { connect_postgres(server.url("absent"), kTimeout); });
  EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
  EXPECT_TRUE(error.message().contains("database \"absent\" does not exist")) << error.what();
}

TEST_F(PostgresTest, a_server_that_is_down_is_unavailable_until_it_is_back) {
  PostgresServer server;
  const std::string url = server.new_database();
  auto catalog = Catalog::connect(url, {.pool_size = 1});
  catalog->sources().add("patents", SourceType::File, {});
  server.stop();
  for (int i = 0; i < 2; ++i) {
    const Error error = error_without_password([&] { catalog->ping(); });
    EXPECT_EQ(error.code(), ErrorCode::Unavailable) << error.what();
    EXPECT_TRUE(error.message().contains("postgresql://jammi@127.0.0.1:")) << error.what();
  }
  EXPECT_EQ(error_without_password([&] { Catalog::connect(url); }).code(), ErrorCode::Unavailable);
  server.start();
  catalog->ping();
  EXPECT_EQ(catalog->sources().list().size(), 1u);
}

TEST_F(PostgresTest, a_connection_that_was_ended_while_idle_is_replaced_unnoticed) {
  auto catalog = place_.open({.pool_size = 1});
  const int64_t process = backend_process(*catalog);
  EXPECT_EQ(backend_process(*catalog), process);
  PostgresServer::shared().end_connections(place_.url());
  EXPECT_NE(backend_process(*catalog), process);
}

TEST_F(PostgresTest, a_connection_lives_no_longer_than_asked) {
  auto catalog = place_.open({.pool_size = 1, .max_lifetime = std::chrono::seconds(0)});
  const int64_t process = backend_process(*catalog);
  EXPECT_NE(backend_process(*catalog), process);
}

TEST_F(PostgresTest, a_connection_ended_within_a_transaction_leaves_nothing_half_written) {
  auto catalog = place_.open({.pool_size = 1});
  {
    auto lease = catalog->pool().lease();
    Transaction transaction(*lease);
    lease->execute("INSERT INTO evidence_channels (channel_name, priority) VALUES ('half', 9)");
    PostgresServer::shared().end_connections(place_.url());
    const Error error = error_without_password([&] {
      lease->execute(
          "INSERT INTO evidence_channel_columns (channel_name, column_name, column_type, ordinal) "
          "VALUES ('half', 'a', 'Utf8', 0)");
    });
    EXPECT_EQ(error.code(), ErrorCode::Unavailable) << error.what();
    EXPECT_EQ(error_without_password([&] { transaction.commit(); }).code(), ErrorCode::Unavailable);
  }
  EXPECT_EQ(catalog->channels().list().size(), 2u);
  catalog->channels().add("whole", 9, {{"a", ChannelColumnType::Utf8}});
  EXPECT_EQ(catalog->channels().list().back().columns.size(), 1u);
}

TEST_F(PostgresTest, a_commit_behind_an_error_does_not_succeed) {
  const auto connection = place_.connect();
  connection->execute("CREATE TABLE t (id TEXT PRIMARY KEY)");
  {
    Transaction transaction(*connection);
    connection->execute("INSERT INTO t VALUES ('a')");
    EXPECT_ERROR(ErrorCode::AlreadyExists, "already holds",
                 connection->execute("INSERT INTO t VALUES ('a')"));
    EXPECT_ERROR(ErrorCode::Conflict, "an earlier statement",
                 connection->execute("INSERT INTO t VALUES ('b')"));
    EXPECT_ERROR(ErrorCode::Conflict, "nothing of it was stored", transaction.commit());
  }
  Statement select(*connection, "SELECT 1 FROM t");
  EXPECT_FALSE(select.step());
}

TEST_F(PostgresTest, a_statement_is_prepared_once_per_connection) {
  auto catalog = place_.open({.pool_size = 1});
  for (int i = 0; i < 3; ++i) catalog->sources().list();
  auto lease = catalog->pool().lease();
  Statement select(*lease,
                   "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM sources%'");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.integer(0), 2);  // that of `list` and this one
}

TEST_F(PostgresTest, a_table_made_anew_with_other_types_is_understood_at_the_second_try) {
  const auto connection = place_.connect();
  const auto other = place_.connect();
  other->execute("CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (7)");
  const auto read = [&] {
    Statement select(*connection, "SELECT a FROM t");
    return select.step() ? select.text(0) : "none";
  };
  EXPECT_EQ(read(), "7");
  other->execute("DROP TABLE t; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('seven')");
  EXPECT_ERROR(ErrorCode::Unavailable, "changed meanwhile", read());
  EXPECT_EQ(read(), "seven");
}

TEST_F(PostgresTest, what_its_types_cannot_hold_is_refused) {
  const auto connection = place_.connect();
  connection->execute("CREATE TABLE t (id TEXT, n INTEGER)");
  Statement insert(*connection, "INSERT INTO t VALUES (?, ?)");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "NUL byte: a", insert.bind(std::string_view("a\0b", 3)));
  EXPECT_ERROR(
      ErrorCode::InvalidArgument, "cannot hold this value",
      Statement(*connection, "INSERT INTO t VALUES (?, 1)").bind(std::string_view("\xff\xfe")).run());
  EXPECT_ERROR(ErrorCode::InvalidArgument, "out of range",
               Statement(*connection, "INSERT INTO t VALUES ('a', ?)").bind(int64_t{1} << 40).run());
}

TEST_F(PostgresTest, a_load_stores_all_of_its_rows_or_ends_the_transaction) {
  const auto connection = place_.connect();
  connection->execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text TEXT, bytes BYTEA)");
  const auto load = [&](int64_t first, int64_t num_rows) {
    const auto loader = connection->load("t", {{"id"}, {"text"}, {"bytes", true}});
    for (int64_t id = first; id < first + num_rows; ++id) {
      loader->add(std::vector<Value>{id, "a\tb\\", std::string_view("\0\n", 2)});
    }
    loader->finish();
  };
  const auto count = [&] {
    Statement select(*connection, "SELECT count(*) FROM t WHERE text = ? AND bytes = ?");
    select.bind(std::string_view("a\tb\\")).bind_bytes(std::string_view("\0\n", 2)).step();
    return select.integer(0);
  };
  load(0, 20'000);
  EXPECT_EQ(count(), 20'000);
  {
    Transaction transaction(*connection);
    EXPECT_ERROR(ErrorCode::AlreadyExists, "already holds", load(19'999, 20'000));
    EXPECT_ERROR(ErrorCode::Conflict, "an earlier statement", count());
  }
  {
    Transaction transaction(*connection);
    const auto abandoned = connection->load("t", {{"id"}});
    abandoned->add(std::vector<Value>{int64_t{-1}});
  }
  EXPECT_EQ(count(), 20'000);
}

TEST_F(PostgresTest, a_database_that_cannot_be_written_is_refused) {
  const std::string url = PostgresServer::shared().new_database();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "the catalog cannot be written",
               Catalog::connect(url + "?options=-cdefault_transaction_read_only%3Don"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "no schema for its tables",
               Catalog::connect(url + "?options=-csearch_path%3Dabsent"));
  Catalog::connect(url);
}

TEST_F(PostgresTest, notices_are_not_printed) {
  const auto connection = place_.connect();
  ::testing::internal::CaptureStderr();
  connection->execute("DROP TABLE IF EXISTS absent");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace jammi::catalog
