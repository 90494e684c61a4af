#include "db/database_url.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <jammi/error.h>

#include "db/source_location.h"
#include "sql/quoting.h"

namespace jammi::db {
namespace {

// MySQL's own: grants with password hashes, settings, and what other users do.
constexpr std::array<std::string_view, 4> kMysqlSystemDatabases{"information_schema", "mysql",
                                                                "performance_schema", "sys"};

// A server that swallows packets must not hold up a statement for minutes.
constexpr std::string_view kConnectTimeout = "connect_timeout=10";

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct UrlParts {
  std::string authority;  // user:password@host:port
  std::string path;       // as it is written
  std::string database;
  std::string parameters;  // without the question mark
};

UrlParts split(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  const size_t path = std::min(url.find_first_of("/?#"), url.size());
  const size_t question = std::min(url.find('?', path), url.size());
  UrlParts parts;
  parts.authority = url.substr(0, path);
  if (path < question) parts.path = url.substr(path + 1, question - path - 1);
  parts.database = percent_decoded(parts.path);
  if (question < url.size()) parts.parameters = url.substr(question + 1);
  return parts;
}

// A password with a slash that is not escaped would make part of it the database's name or the port: such a
// URL is refused before anything of it can reach an error of the server.
bool has_sound_authority(std::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos && authority.find('@') != at) return false;
  std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  if (const size_t bracket = host.rfind(']'); bracket != std::string_view::npos)
    host.remove_prefix(bracket + 1);
  const size_t colon = host.find(':');
  return colon == std::string_view::npos || is_digits(host.substr(colon + 1));
}

UrlParts checked_parts(const std::string& source_id, const std::string& url, std::string_view example) {
  const auto refuse = [&](const std::string& why) {
    return source_error(ErrorCode::InvalidArgument, source_id,
                        why + ", expected one like " + std::string(example));
  };
  const std::string_view scheme = std::string_view(url).substr(0, url.find("://"));
  const bool is_known =
      example.starts_with("mysql") ? scheme == "mysql" : scheme == "postgresql" || scheme == "postgres";
  if (!is_known) throw refuse("the URL has another scheme");
  const auto is_unsafe = [](unsigned char c) {
    return c <= ' ' || c == '"' || c == '\'' || c == '#' || c == 0x7f;
  };
  if (std::ranges::any_of(url, is_unsafe)) {
    throw refuse("spaces, quotes and # in the URL must be percent-encoded");
  }
  UrlParts parts = split(url);
  if (!has_sound_authority(parts.authority) || parts.path.contains('@')) {
    throw refuse("the URL's host and port cannot be told; percent-encode :, / and @ in user and password");
  }
  if (parts.database.empty() || parts.path.contains('/')) throw refuse("the URL names no database");
  return parts;
}

sql::ExternalDatabase postgres(const std::string& source_id, std::string url) {
  const UrlParts parts = checked_parts(source_id, url, "postgresql://user:password@host:5432/database");
  if (!parts.parameters.contains("connect_timeout=")) {
    url += (parts.parameters.empty() && !url.ends_with('?') ? "?" : parts.parameters.empty() ? "" : "&");
    url += kConnectTimeout;
  }
  return {.type = SourceType::Postgres, .address = std::move(url), .schema = "public"};
}

sql::ExternalDatabase mysql(const std::string& source_id, std::string url) {
  UrlParts parts = checked_parts(source_id, url, "mysql://user:password@host:3306/database");
  const auto is_named = [&](std::string_view name) { return sql::is_same_name(name, parts.database); };
  if (std::ranges::any_of(kMysqlSystemDatabases, is_named)) {
    throw source_error(ErrorCode::InvalidArgument, source_id,
                       "the server's own databases cannot be sources: " + parts.database);
  }
  return {.type = SourceType::Mysql, .address = std::move(url), .schema = std::move(parts.database)};
}

}  // namespace

SourceType source_type_of(std::string_view url) {
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return SourceType::Postgres;
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
    case SourceType::File:
      break;
  }
  throw source_error(ErrorCode::Internal, source_id, "a file source is no database");
}

}  // namespace jammi::db
