#include "catalog/mutable_table_repository.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "catalog/mutable_table_error.h"
#include "catalog/mutable_table_rules.h"
#include "catalog/tenant_filter.h"

namespace jammi::catalog {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kColumns =
    "SELECT id, schema_json, primary_key, order_column, user_metadata, tenant_id, created_at, updated_at "
    "FROM mutable_tables ";

/// What keeps a type's values. An unsigned integer of 64 bits is kept as the signed one of the same bits.
std::string_view sqlite_type(ColumnType type) {
  switch (type) {
    case ColumnType::Float32:
    case ColumnType::Float64:
      return "REAL";
    case ColumnType::Utf8:
      return "TEXT";
    case ColumnType::Binary:
      return "BLOB";
    default:
      return "INTEGER";
  }
}

std::string_view postgres_type(ColumnType type) {
  switch (type) {
    case ColumnType::Boolean:
      return "BOOLEAN";
    case ColumnType::Int8:
    case ColumnType::UInt8:
    case ColumnType::Int16:
      return "SMALLINT";
    case ColumnType::UInt16:
    case ColumnType::Int32:
      return "INTEGER";
    case ColumnType::Float32:
      return "REAL";
    case ColumnType::Float64:
      return "DOUBLE PRECISION";
    case ColumnType::Utf8:
      return R"(TEXT COLLATE "C")";  // compared by bytes, as the SQL engine does
    case ColumnType::Binary:
      return "BYTEA";
    default:
      return "BIGINT";
  }
}

std::string name_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quote_name(name);
  return list;
}

std::string create_table_sql(const MutableTableDefinition& definition, Backend backend) {
  const auto storage_type = backend == Backend::Sqlite ? sqlite_type : postgres_type;
  std::string sql = "CREATE TABLE " + quote_name(definition.id) + " (";
  for (const MutableColumn& column : definition.columns) {
    sql += quote_name(column.name) + ' ';
    sql += storage_type(column.type);
    sql += column.is_nullable ? ", " : " NOT NULL, ";
  }
  return sql + "tenant_id TEXT, PRIMARY KEY (" + name_list(definition.primary_key) + "))";
}

std::string create_index_sql(const std::string& table, const MutableIndex& index) {
  return std::string(index.is_unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ") + quote_name(index.name) +
         " ON " + quote_name(table) + " (" + name_list(index.columns) + ")";
}

std::string schema_json(const std::vector<MutableColumn>& columns) {
  Json fields = Json::array();
  for (const MutableColumn& column : columns) {
    fields.push_back(
        {{"name", column.name}, {"type", to_string(column.type)}, {"nullable", column.is_nullable}});
  }
  return Json{{"fields", std::move(fields)}}.dump();
}

std::vector<MutableColumn> parse_schema(const std::string& text) {
  std::vector<MutableColumn> columns;
  for (const Json& field : Json::parse(text).at("fields")) {
    columns.push_back({.name = field.at("name"),
                       .type = parse_column_type(field.at("type").get<std::string>()),
                       .is_nullable = field.at("nullable")});
  }
  return columns;
}

std::vector<MutableIndex> indexes_of(Connection& connection, const std::string& id) {
  Statement select(connection,
                   "SELECT index_name, columns, is_unique FROM mutable_table_indexes "
                   "WHERE table_id = ? ORDER BY index_name");
  select.bind(std::string_view(id));
  std::vector<MutableIndex> indexes;
  while (select.step()) {
    indexes.push_back({.name = select.text(0),
                       .columns = Json::parse(select.text(1)).get<std::vector<std::string>>(),
                       .is_unique = select.integer(2) != 0});
  }
  return indexes;
}

MutableTableDefinition read_definition(Connection& connection, const Statement& row) {
  MutableTableDefinition definition;
  definition.id = row.text(0);
  try {
    definition.columns = parse_schema(row.text(1));
    Json::parse(row.text(2)).get_to(definition.primary_key);
    definition.indexes = indexes_of(connection, definition.id);
  } catch (const std::exception& failure) {
    throw mutable_table_error(ErrorCode::DataCorruption, "backend: the catalog row of '" + definition.id +
                                                             "' cannot be read: " + failure.what());
  }
  definition.order_column = row.optional_text(3);
  definition.user_metadata = row.text(4);
  definition.tenant_id = row.optional_text(5);
  definition.created_at = row.text(6);
  definition.updated_at = row.text(7);
  return definition;
}

void insert_rows(Connection& connection, const MutableTableDefinition& definition, const TenantScope& scope) {
  Statement insert(connection,
                   "INSERT INTO mutable_tables (id, schema_json, primary_key, order_column, user_metadata, "
                   "backend_kind, tenant_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");
  insert.bind(std::string_view(definition.id)).bind(std::string_view(schema_json(definition.columns)));
  insert.bind(std::string_view(Json(definition.primary_key).dump())).bind(definition.order_column);
  insert.bind(std::string_view(definition.user_metadata)).bind(to_string(connection.backend()));
  insert.bind(scope.tenant_id()).run();
  if (connection.num_changed_rows() == 0) {
    throw mutable_table_error(ErrorCode::AlreadyExists, "mutable table already exists: " + definition.id);
  }
  for (const MutableIndex& index : definition.indexes) {
    Statement known(connection,
                    "SELECT t.id, t.tenant_id FROM mutable_table_indexes i "
                    "JOIN mutable_tables t ON t.id = i.table_id WHERE i.index_name = ?");
    if (known.bind(std::string_view(index.name)).step()) {
      const bool is_visible = scope.sees(known.optional_text(1));
      throw mutable_table_error(ErrorCode::AlreadyExists,
                                "index '" + index.name + "' already exists" +
                                    (is_visible ? ", of mutable table: " + known.text(0) : ""));
    }
    Statement add(connection,
                  "INSERT INTO mutable_table_indexes (table_id, index_name, columns, is_unique) "
                  "VALUES (?, ?, ?, ?)");
    add.bind(std::string_view(definition.id)).bind(std::string_view(index.name));
    add.bind(std::string_view(Json(index.columns).dump())).bind(int64_t{index.is_unique}).run();
  }
}

void require_owned(Connection& connection, const std::string& id, const TenantScope& scope) {
  Statement select(connection, "SELECT tenant_id FROM mutable_tables WHERE id = ?");
  if (!select.bind(std::string_view(id)).step() || !scope.sees(select.optional_text(0))) {
    throw mutable_table_error(ErrorCode::NotFound, "mutable table not found: " + id);
  }
  if (!scope.sees_everything() && select.optional_text(0) != scope.tenant_id()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Tenant,
                "a mutable table of all tenants is dropped without a tenant: " + id);
  }
}

void require_no_topic(Connection& connection, const std::string& id) {
  Statement select(connection, "SELECT name FROM topics WHERE backing_table = ?");
  if (select.bind(std::string_view(id)).step()) {
    throw mutable_table_error(ErrorCode::Conflict,
                              "drop the topic whose events '" + id + "' holds instead: " + select.text(0));
  }
}

}  // namespace

void bind_registration(Statement& statement, const MutableTableDefinition& table, const TenantScope& scope) {
  statement.bind(std::string_view(table.id)).bind(std::string_view(schema_json(table.columns)));
  bind_scope(statement.bind(std::string_view(Json(table.primary_key).dump())), scope);
}

void MutableTableRepository::add(MutableTableDefinition definition, const TenantScope& scope) {
  for (MutableColumn& column : definition.columns) {
    if (std::ranges::contains(definition.primary_key, column.name)) column.is_nullable = false;
  }
  require_valid(definition);
  with_backend([&] {
    auto lease = pool_.lease();
    Transaction transaction(*lease);
    insert_rows(*lease, definition, scope);
    lease->execute(create_table_sql(definition, lease->backend()));
    for (const MutableIndex& index : definition.indexes) {
      lease->execute(create_index_sql(definition.id, index));
    }
    transaction.commit();
  });
}

void MutableTableRepository::remove(const std::string& id, const TenantScope& scope) {
  with_backend([&] {
    auto lease = pool_.lease();
    Transaction transaction(*lease);
    require_owned(*lease, id, scope);
    require_no_topic(*lease, id);
    Statement(*lease, "DELETE FROM mutable_tables WHERE id = ?").bind(std::string_view(id)).run();
    lease->execute("DROP TABLE " + quote_name(id));
    transaction.commit();
    pool_.renew();  // a table of the same name may have other columns
  });
}

std::vector<MutableTableDefinition> MutableTableRepository::list(const TenantScope& scope) const {
  return with_backend([&] {
    auto lease = pool_.lease();
    Statement select(*lease, std::string(kColumns) + "WHERE " + kIsOwned + " ORDER BY id");
    bind_scope(select, scope);
    std::vector<MutableTableDefinition> definitions;
    while (select.step()) definitions.push_back(read_definition(*lease, select));
    return definitions;
  });
}

std::optional<MutableTableDefinition> MutableTableRepository::find(Connection& connection,
                                                                   const std::string& id) {
  return with_backend([&]() -> std::optional<MutableTableDefinition> {
    Statement select(connection, std::string(kColumns) + "WHERE id = ?");
    if (!select.bind(std::string_view(id)).step()) return std::nullopt;
    return read_definition(connection, select);
  });
}

}  // namespace jammi::catalog
