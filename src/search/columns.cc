#include "search/columns.h"

#include <algorithm>
#include <array>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/shorten.h"
#include "db/find_table.h"
#include "sql/quoting.h"

namespace jammi::search {
namespace {

constexpr std::array<const char*, 6> kEngineColumns{"_row_id",      "_source_id", "retrieved_by",
                                                    "annotated_by", "similarity", kRankColumn};

constexpr size_t kMaxShownBytes = 200;

}  // namespace

bool is_engine_column(const std::string& name) {
  return std::ranges::any_of(kEngineColumns, [&](const char* own) { return sql::is_same_name(own, name); });
}

bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&](const std::string& other) { return sql::is_same_name(other, name); });
}

std::vector<std::string> result_names(const std::vector<std::string>& source_columns) {
  std::vector<std::string> names;
  for (std::string name : source_columns) {
    if (is_engine_column(name)) {
      do name = "source_" + name;
      while (has_name(source_columns, name));
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::shared_ptr<arrow::Schema> hits_schema(const arrow::Schema& source) {
  arrow::FieldVector fields = {arrow::field("_row_id", arrow::utf8()),
                               arrow::field("_source_id", arrow::utf8())};
  const std::vector<std::string> names = result_names(source.field_names());
  for (size_t i = 0; i < names.size(); ++i)
    fields.push_back(source.field(static_cast<int>(i))->WithName(names[i]));
  fields.push_back(arrow::field("similarity", arrow::float32()));
  fields.push_back(arrow::field(kRankColumn, arrow::int64()));
  return arrow::schema(std::move(fields));
}

std::string table_path(const Database& database, const std::string& source,
                       const std::vector<std::string>& columns) {
  return sql::quote_path({source, "public", db::find_table(database, source, columns).name});
}

std::vector<std::string> embedded_columns(const ResultTableRecord& table) {
  std::vector<std::string> columns = table.text_columns;
  if (table.key_column) columns.push_back(*table.key_column);
  return columns;
}

std::shared_ptr<arrow::Schema> table_schema(Database& database, const std::string& path) {
  return database.sql("SELECT * FROM " + path + " LIMIT 0")->schema();
}

std::string shown(std::string_view value) {
  return base::shortened(std::string(value), kMaxShownBytes);
}

std::string shown(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return shown(list);
}

Error unknown_column(const std::string& step, const std::string& column, const std::string& owner) {
  return Error(ErrorCode::NotFound, ErrorCategory::Sql,
               step + " column '" + shown(column) + "': not a column of " + owner);
}

}  // namespace jammi::search
