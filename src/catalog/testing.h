#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/types.h>

#include "base/testing.h"
#include "catalog/catalog.h"

namespace jammi::catalog::testing {

/// A PostgreSQL server on a port of the loopback, in a directory of its own. Its locale, time zone and form
/// of dates are none that a catalog would choose. It goes with the process that started it, whatever ends
/// that.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// The server of this test program, started by the first call.
  static PostgresServer& shared();

  void start();
  void stop();  // as a crash would

  /// Makes an empty database, or a schema of the database "postgres", which takes less time, and returns a
  /// URL whose catalog lies there.
  std::string new_database();
  std::string new_schema();

  /// The URL of a database. `password` is percent-encoded here.
  std::string url(const std::string& database, const std::string& password = kPassword) const;

  /// Ends all connections to a database from the server's side.
  void end_connections(const std::string& database_url);

  static constexpr char kPassword[] = "top secret: p@ss/word?";

 private:
  std::unique_ptr<Connection> administrator() const;

  jammi::testing::TemporaryDirectory directory_;
  uint16_t port_;
  pid_t process_ = 0;
  int num_made_ = 0;
};

/// A place for one catalog, empty at first: a file or a schema of the program's shared server.
class CatalogPlace {
 public:
  explicit CatalogPlace(Backend backend);

  /// May be called in another process.
  std::shared_ptr<Catalog> open(const CatalogOptions& options = {}) const;

  /// A connection of its own, which has not migrated anything.
  std::unique_ptr<Connection> connect(std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;

  /// The file or the address that errors name.
  std::string name() const;

  const std::string& url() const { return url_; }

  /// An own directory, for what else a test keeps in files.
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  jammi::testing::TemporaryDirectory directory_;
  std::string url_;  // empty for a file
};

/// A test that runs once on each backend.
class BackendTest : public ::testing::TestWithParam<Backend> {
 protected:
  CatalogPlace place_{GetParam()};
};

/// For INSTANTIATE_TEST_SUITE_P: the names of the parameters.
std::string backend_name(const ::testing::TestParamInfo<Backend>& info);

}  // namespace jammi::catalog::testing

/// Runs the tests of a fixture that is a `BackendTest` on both backends.
#define TEST_ON_BOTH_BACKENDS(fixture)                                                           \
  INSTANTIATE_TEST_SUITE_P(                                                                      \
      on, fixture,                                                                               \
      ::testing::Values(::jammi::catalog::Backend::Sqlite, ::jammi::catalog::Backend::Postgres), \
      ::jammi::catalog::testing::backend_name)
