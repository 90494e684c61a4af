#include "catalog/mutable_table_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/names.h"

namespace jammi::catalog {
namespace {

constexpr size_t kLongestId = 63;
constexpr size_t kMostColumns = 1'500;  // fewer than either backend takes

/// Tables of the catalog's own, which share their file with the mutable tables.
constexpr std::array<std::string_view, 13> kCatalogTables{"applied_migrations",
                                                          "eval_runs",
                                                          "evidence_channels",
                                                          "evidence_channel_columns",
                                                          "fine_tune_jobs",
                                                          "models",
                                                          "mutable_table_indexes",
                                                          "mutable_tables",
                                                          "result_tables",
                                                          "sources",
                                                          "topics",
                                                          "training_jobs",
                                                          "_jammi_eval_per_query"};

/// Starts of names that the engine or a database keeps for itself.
constexpr std::array<std::string_view, 4> kReservedPrefixes{"__topic_", "_jammi_", "sqlite_", "pg_"};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::MutableTable, message);
}

/// Names compare as SQL compares them: ASCII letters without case.
std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

const MutableColumn* find_column(const MutableTableDefinition& definition, const std::string& name) {
  const auto found = std::ranges::find(definition.columns, name, &MutableColumn::name);
  return found == definition.columns.end() ? nullptr : &*found;
}

void require_columns(const MutableTableDefinition& definition) {
  if (definition.columns.empty()) refuse("schema validation: the schema must have a column");
  if (definition.columns.size() > kMostColumns) {
    refuse("schema validation: too many columns: " + std::to_string(definition.columns.size()) +
           ", at most " + std::to_string(kMostColumns));
  }
  std::set<std::string> names;
  for (const MutableColumn& column : definition.columns) {
    const std::string name = folded(column.name);
    if (!base::follows_name_rule(column.name)) {
      refuse("schema validation: a column name must be " + std::string(base::kNameRule) + ": '" +
             column.name + "'");
    }
    if (name == "tenant_id" || name.starts_with('_')) refuse("reserved column name: " + column.name);
    if (!names.insert(name).second) {
      refuse("schema validation: two columns of one name, ignoring case: " + column.name);
    }
  }
}

void require_primary_key(const MutableTableDefinition& definition) {
  if (definition.primary_key.empty()) refuse("schema validation: primary key must not be empty");
  std::set<std::string> names;
  for (const std::string& name : definition.primary_key) {
    if (find_column(definition, name) == nullptr) {
      refuse("primary key column not present in schema: " + name);
    }
    if (!names.insert(name).second) refuse("schema validation: primary key names a column twice: " + name);
  }
}

void require_index(const MutableTableDefinition& definition, const MutableIndex& index) {
  if (!base::follows_name_rule(index.name)) {
    refuse("schema validation: an index name must be " + std::string(base::kNameRule) + ": '" + index.name +
           "'");
  }
  const std::string of_index = " in index '" + index.name + "'";
  if (index.columns.empty()) refuse("schema validation: no columns" + of_index);
  std::set<std::string> names;
  for (const std::string& name : index.columns) {
    if (find_column(definition, name) == nullptr) {
      refuse("schema validation: column '" + name + "' not in schema" + of_index);
    }
    if (!names.insert(name).second) {
      refuse("schema validation: column '" + name + "' appears twice" + of_index);
    }
  }
}

void require_order_column(const MutableTableDefinition& definition, const std::string& name) {
  const MutableColumn* column = find_column(definition, name);
  if (column == nullptr) refuse("schema validation: order_column '" + name + "' not in schema");
  if (column->type != ColumnType::Int64 && column->type != ColumnType::UInt64) {
    refuse("schema validation: order_column '" + name + "' must be Int64 or UInt64, got " +
           std::string(to_string(column->type)));
  }
}

}  // namespace

void require_mutable_table_id(std::string_view id) {
  const std::string shown(id);
  if (id.empty()) refuse("invalid mutable table id: empty");
  if (id.size() > kLongestId) {
    refuse("invalid mutable table id: length must be 1..=63 (got " + std::to_string(id.size()) + ")");
  }
  const auto is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (!std::ranges::all_of(id, is_allowed)) {
    refuse("invalid mutable table id: only lowercase ASCII, digits, and `_` allowed; got: " + shown);
  }
  const auto starts_id = [id](std::string_view prefix) { return id.starts_with(prefix); };
  if (std::ranges::any_of(kReservedPrefixes, starts_id) || std::ranges::contains(kCatalogTables, id)) {
    refuse("invalid mutable table id: reserved for the engine: " + shown);
  }
}

void require_valid(const MutableTableDefinition& definition) {
  require_mutable_table_id(definition.id);
  require_columns(definition);
  require_primary_key(definition);
  for (const MutableIndex& index : definition.indexes) require_index(definition, index);
  if (definition.order_column) require_order_column(definition, *definition.order_column);
  if (definition.chunk_size == 0) refuse("schema validation: chunk_size must be at least 1");
  if (!nlohmann::json::accept(definition.user_metadata)) {
    refuse("user_metadata is not JSON: " + definition.user_metadata);
  }
}

}  // namespace jammi::catalog
