#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <jammi/database.h>
#include <jammi/error.h>

#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"

namespace jammi::cli {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, message);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<MutableColumn> read_schema(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse("read schema file " + path + ": cannot open it");
  std::vector<MutableColumn> columns;
  try {
    for (const Json& column : Json::parse(file)) {
      columns.push_back({.name = column.at("name"),
                         .type = parse_column_type(column.at("type").get<std::string>()),
                         .is_nullable = column.value("nullable", false)});
    }
  } catch (const Json::exception& failure) {
    refuse("parse schema file " + path + ": " + failure.what());
  }
  if (columns.empty()) refuse("schema must declare at least one column");
  return columns;
}

MutableIndex parse_index(const std::string& written) {
  const std::string spec = "--index '" + written + "'";
  MutableIndex index;
  bool has_name = false;
  bool has_columns = false;
  for (const std::string& fragment : split(written, ',')) {
    const size_t equals = fragment.find('=');
    if (equals == std::string::npos) {
      refuse(spec + " fragment '" + fragment + "' must be of the form key=value");
    }
    const std::string key = fragment.substr(0, equals);
    const std::string value = fragment.substr(equals + 1);
    if (key == "name") {
      if (value.empty()) refuse(spec + " has empty name");
      index.name = value;
      has_name = true;
    } else if (key == "columns") {
      index.columns = split(value, '+');
      if (index.columns.empty()) refuse(spec + " must declare at least one column");
      has_columns = true;
    } else if (key == "unique") {
      if (value != "true" && value != "false") {
        refuse(spec + " unique value '" + value + "' must be true or false");
      }
      index.is_unique = value == "true";
    } else {
      refuse(spec + " unknown key '" + key + "' (expected name/columns/unique)");
    }
  }
  if (!has_name) refuse(spec + " missing required key 'name'");
  if (!has_columns) refuse(spec + " missing required key 'columns'");
  return index;
}

std::string declarations(const std::vector<MutableColumn>& columns) {
  std::vector<std::string> texts;
  for (const MutableColumn& column : columns) {
    texts.push_back(
        fmt::format("{}:{}{}", column.name, to_string(column.type), column.is_nullable ? "?" : ""));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

void create_mutable_table(const Context& context, const MutableTableOptions& options) {
  MutableTableBuilder builder(options.name, read_schema(options.schema));
  builder.primary_key(options.primary_key);
  std::vector<std::string> indexes;
  for (const std::string& written : options.indexes) {
    MutableIndex index = parse_index(written);
    indexes.push_back(index.name);
    builder.index(std::move(index));
  }
  if (!options.order_column.empty()) builder.order_column(options.order_column);
  open_database(context)->create_mutable_table(builder.build());
  context.out << fmt::format("Mutable table '{}' registered (primary_key=[{}], indexes=[{}]).\n",
                             options.name, fmt::join(options.primary_key, ","), fmt::join(indexes, ","));
}

void drop_mutable_table(const Context& context, const std::string& name) {
  open_database(context)->drop_mutable_table(name);
  context.out << "Mutable table '" << name << "' dropped.\n";
}

void list_mutable_tables(const Context& context) {
  Listing listing{
      .columns = {{"Name", "name", 30}, {"Primary Key", "primary_key", 25}, {"Columns", "columns"}},
      .rows = {},
      .rule_width = 80,
      .empty_message = "No mutable tables registered."};
  for (const MutableTableDefinition& table : open_database(context)->list_mutable_tables()) {
    listing.rows.push_back(
        {table.id, fmt::format("{}", fmt::join(table.primary_key, ",")), declarations(table.columns)});
  }
  print_listing(listing, context.format, context.out);
}

}  // namespace jammi::cli
