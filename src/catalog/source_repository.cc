#include "catalog/source_repository.h"

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/url_password.h"
#include "catalog/tenant_filter.h"

namespace jammi::catalog {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kColumns =
    "SELECT source_id, source_type, options, created_at, updated_at, tenant_id FROM sources ";

std::string connection_json(const std::string& id, const SourceConnection& connection) {
  Json json = {{"url", nullptr}, {"format", nullptr}, {"options", connection.options}};
  if (connection.url) json["url"] = *connection.url;
  if (connection.format) json["format"] = to_string(*connection.format);
  try {
    return json.dump();
  } catch (const Json::exception&) {
    throw source_error(ErrorCode::InvalidArgument, id, "the URL or an option is not valid UTF-8");
  }
}

SourceConnection parse_connection(const std::string& text) {
  const Json json = Json::parse(text);
  SourceConnection connection;
  if (json.contains("url") && !json["url"].is_null()) connection.url = json["url"].get<std::string>();
  if (json.contains("format") && !json["format"].is_null())
    connection.format = parse_file_format(json["format"].get<std::string>());
  if (json.contains("options")) json["options"].get_to(connection.options);
  return connection;
}

SourceRecord read_source(const Statement& row) {
  SourceRecord source;
  source.id = row.text(0);
  try {
    source.type = parse_source_type(Json::parse(row.text(1)).get<std::string>());
    source.connection = parse_connection(row.text(2));
  } catch (const std::exception& failure) {
    throw source_error(ErrorCode::DataCorruption, source.id,
                       std::string("its catalog row cannot be read: ") + failure.what());
  }
  source.created_at = row.text(3);
  source.updated_at = row.text(4);
  source.tenant_id = row.optional_text(5);
  return source;
}

std::optional<SourceRecord> find_source(Connection& connection, const std::string& id,
                                        const TenantScope& scope) {
  Statement select(connection, std::string(kColumns) + "WHERE source_id = ? AND " + kIsVisible);
  bind_scope(select.bind(std::string_view(id)), scope);
  if (!select.step()) return std::nullopt;
  return read_source(select);
}

SourceRecord source_or_throw(std::optional<SourceRecord> source, const std::string& id) {
  if (!source) throw source_error(ErrorCode::NotFound, id, "Source not found");
  return *std::move(source);
}

}  // namespace

SourceRecord SourceRepository::add(const std::string& id, SourceType type, const SourceConnection& connection,
                                   const TenantScope& scope) {
  const std::string options = connection_json(id, connection);
  {
    auto lease = pool_.lease();
    Statement insert(*lease,
                     "INSERT INTO sources (source_id, name, source_type, uri, options, tenant_id) "
                     "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source_id) DO NOTHING");
    insert.bind(std::string_view(id)).bind(std::string_view(id));
    insert.bind(std::string_view(Json(to_string(type)).dump()));
    const std::string shown_url = base::hide_passwords(connection.url.value_or(""));
    insert.bind(std::string_view(shown_url)).bind(std::string_view(options));
    insert.bind(scope.tenant_id()).run();
    if (lease->num_changed_rows() == 0)
      throw source_error(ErrorCode::AlreadyExists, id, "Source already registered");
  }
  return get(id, scope);
}

std::optional<SourceRecord> SourceRepository::find(const std::string& id, const TenantScope& scope) const {
  auto lease = pool_.lease();
  return find_source(*lease, id, scope);
}

SourceRecord SourceRepository::get(const std::string& id, const TenantScope& scope) const {
  return source_or_throw(find(id, scope), id);
}

std::vector<SourceRecord> SourceRepository::list(const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(*lease, std::string(kColumns) + "WHERE " + kIsVisible + " ORDER BY source_id");
  bind_scope(select, scope);
  std::vector<SourceRecord> sources;
  while (select.step()) sources.push_back(read_source(select));
  return sources;
}

void SourceRepository::set_option(const std::string& id, const std::string& name,
                                  const std::optional<std::string>& value, const TenantScope& scope) {
  change(id, scope, [&](SourceConnection& connection) {
    if (value) {
      connection.options[name] = *value;
    } else {
      connection.options.erase(name);
    }
  });
}

void SourceRepository::set_url(const std::string& id, const std::string& url, const TenantScope& scope) {
  change(id, scope, [&](SourceConnection& connection) { connection.url = url; });
}

void SourceRepository::change(const std::string& id, const TenantScope& scope,
                              const std::function<void(SourceConnection&)>& change) {
  auto lease = pool_.lease();
  Transaction transaction(*lease);
  SourceConnection connection = source_or_throw(find_source(*lease, id, scope), id).connection;
  change(connection);
  Statement update(
      *lease, "UPDATE sources SET uri = ?, options = ?, updated_at = CURRENT_TIMESTAMP WHERE source_id = ?");
  const std::string shown_url = base::hide_passwords(connection.url.value_or(""));
  update.bind(std::string_view(shown_url)).bind(std::string_view(connection_json(id, connection)));
  update.bind(std::string_view(id)).run();
  transaction.commit();
}

void SourceRepository::remove(const std::string& id, const TenantScope& scope) {
  auto lease = pool_.lease();
  Statement remove(*lease, std::string("DELETE FROM sources WHERE source_id = ? AND ") + kIsOwned);
  bind_scope(remove.bind(std::string_view(id)), scope).run();
  if (lease->num_changed_rows() == 0) throw source_error(ErrorCode::NotFound, id, "Source not found");
}

}  // namespace jammi::catalog
