#include "db/database_url.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <jammi/error.h>

#include "base/server_url.h"
#include "db/source_location.h"
#include "sql/quoting.h"

namespace jammi::db {
namespace {

// MySQL's own: grants with password hashes, settings, and what other users do.
constexpr std::array<std::string_view, 4> kMysqlSystemDatabases{"information_schema", "mysql",
                                                                "performance_schema", "sys"};

// A server that does not answer must not hold up a statement for ever.
constexpr std::string_view kConnectTimeoutSeconds = "10";

constexpr std::string_view kSqliteScheme = "sqlite://";

base::ServerUrl checked_parts(const std::string& source_id, const std::string& url,
                              std::string_view example) {
  const auto refuse = [&](std::string_view why) {
    return source_error(ErrorCode::InvalidArgument, source_id,
                        std::string(why) + ", expected one like " + std::string(example));
  };
  const std::string_view scheme = std::string_view(url).substr(0, url.find("://"));
  const bool is_known =
      example.starts_with("mysql") ? scheme == "mysql" : scheme == "postgresql" || scheme == "postgres";
  if (!is_known) throw refuse("the URL has another scheme");
  auto parts = base::split_server_url(url);
  if (!parts) throw refuse(parts.error());
  return *std::move(parts);
}

/// `url` with a bound on connecting, in the parameter that its client calls `name`, unless it has one.
std::string with_connect_timeout(std::string url, std::string_view parameters, std::string_view name) {
  const std::string assigned = std::string(name) + "=";
  if (parameters.contains(assigned)) return url;
  if (!parameters.empty())
    url += "&";
  else if (!url.ends_with('?'))
    url += "?";
  return url.append(assigned).append(kConnectTimeoutSeconds);
}

sql::ExternalDatabase postgres(const std::string& source_id, const std::string& url) {
  const base::ServerUrl parts =
      checked_parts(source_id, url, "postgresql://user:password@host:5432/database");
  return {.type = SourceType::Postgres,
          .address = with_connect_timeout(url, parts.parameters, "connect_timeout"),
          .schema = "public"};
}

sql::ExternalDatabase mysql(const std::string& source_id, const std::string& url) {
  const base::ServerUrl parts = checked_parts(source_id, url, "mysql://user:password@host:3306/database");
  std::string database = percent_decoded(parts.database);
  const auto is_named = [&](std::string_view name) { return sql::is_same_name(name, database); };
  if (std::ranges::any_of(kMysqlSystemDatabases, is_named)) {
    throw source_error(ErrorCode::InvalidArgument, source_id,
                       "the server's own databases cannot be sources: " + database);
  }
  return {.type = SourceType::Mysql,
          .address = with_connect_timeout(url, parts.parameters, "connect-timeout"),
          .schema = std::move(database)};
}

sql::ExternalDatabase sqlite(const std::string& source_id, const std::string& url) {
  const std::string path =
      url.starts_with(kSqliteScheme) ? percent_decoded(url.substr(kSqliteScheme.size())) : "";
  if (!path.starts_with('/')) {
    throw source_error(
        ErrorCode::InvalidArgument, source_id,
        "a SQLite source needs the absolute path of its file, expected one like sqlite:///data/shop.db");
  }
  return {.type = SourceType::Sqlite, .address = path, .schema = "main"};
}

}  // namespace

SourceType source_type_of(std::string_view url) {
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return SourceType::Postgres;
  if (url.starts_with(kSqliteScheme)) return SourceType::Sqlite;
  return url.starts_with("mysql://") ? SourceType::Mysql : SourceType::File;
}

sql::ExternalDatabase external_database(const std::string& source_id, SourceType type,
                                        const SourceConnection& connection) {
  if (!connection.url) throw source_error(ErrorCode::InvalidArgument, source_id, "a database needs a url");
  if (connection.format)
    throw source_error(ErrorCode::InvalidArgument, source_id, "a database has no format");
  switch (type) {
    case SourceType::Postgres:
      return postgres(source_id, *connection.url);
    case SourceType::Mysql:
      return mysql(source_id, *connection.url);
    case SourceType::Sqlite:
      return sqlite(source_id, *connection.url);
    case SourceType::File:
      break;
  }
  throw source_error(ErrorCode::Internal, source_id, "a file source is no database");
}

std::string sqlite_url(const std::string& path) {
  std::string url(kSqliteScheme);
  for (const char c : std::filesystem::absolute(path).lexically_normal().string()) {
    if (c == '%')
      url += "%25";
    else
      url += c;
  }
  return url;
}

}  // namespace jammi::db
