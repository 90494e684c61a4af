#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include <jammi/database.h>
#include <jammi/error.h>

#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"
#include "db/database_url.h"

namespace jammi::cli {
namespace {

constexpr std::array<std::pair<std::string_view, FileFormat>, 7> kExtensions{{
    {".parquet", FileFormat::Parquet},
    {".pq", FileFormat::Parquet},
    {".csv", FileFormat::Csv},
    {".tsv", FileFormat::Csv},
    {".json", FileFormat::Json},
    {".jsonl", FileFormat::Json},
    {".ndjson", FileFormat::Json},
}};

FileFormat format_by_extension(const std::string& location) {
  std::string extension = std::filesystem::path(location).extension().string();
  auto known = std::ranges::find(kExtensions, extension, &std::pair<std::string_view, FileFormat>::first);
  if (known == kExtensions.end()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None,
                "cannot tell the format by the name, give --format parquet, csv or json: " + location);
  }
  return known->second;
}

struct Place {
  SourceType type;
  std::string url;
};

Place place_of(const AddSourceOptions& options) {
  if (!options.postgres.empty()) return {SourceType::Postgres, options.postgres};
  if (!options.mysql.empty()) return {SourceType::Mysql, options.mysql};
  if (!options.sqlite.empty()) return {SourceType::Sqlite, db::sqlite_url(options.sqlite)};
  if (!options.path.empty()) return {SourceType::File, std::filesystem::absolute(options.path)};
  return {db::source_type_of(options.url), options.url};
}

std::string kind_title(SourceType type) {
  switch (type) {
    case SourceType::File:
      return "File";
    case SourceType::Postgres:
      return "Postgres";
    case SourceType::Mysql:
      return "Mysql";
    case SourceType::Sqlite:
      return "Sqlite";
  }
  return "";
}

}  // namespace

void add_source(const Context& context, const AddSourceOptions& options) {
  Place place = place_of(options);
  SourceConnection connection;
  connection.url = std::move(place.url);
  if (!options.format.empty()) {
    connection.format = parse_file_format(options.format);
  } else if (place.type == SourceType::File) {
    connection.format = format_by_extension(*connection.url);
  }
  open_database(context)->add_source(options.name, place.type, std::move(connection));
  context.out << "Source '" << options.name << "' added.\n";
}

void list_sources(const Context& context) {
  Listing listing{.columns = {{"Name", "name", 20}, {"Type", "type", 15}, {"Created", "created_at"}},
                  .rows = {},
                  .rule_width = 55,
                  .empty_message = "No sources registered."};
  for (const SourceRecord& source : open_database(context)->list_sources()) {
    listing.rows.push_back({source.id, kind_title(source.type), source.created_at});
  }
  print_listing(listing, context.format, context.out);
}

void remove_source(const Context& context, const std::string& name) {
  open_database(context)->remove_source(name);
  context.out << "Source '" << name << "' removed.\n";
}

void describe_source(const Context& context, const std::string& name) {
  Listing listing{.columns = {{"Table", "table"}, {"Column", "column"}, {"Type", "type"}},
                  .rows = {},
                  .empty_message = "The source has no tables."};
  for (const TableDescription& table : open_database(context)->describe_source(name)) {
    std::string table_name = name + ".public." + table.name;
    for (const ColumnDescription& column : table.columns) {
      listing.rows.push_back({table_name, column.name, column.type});
    }
  }
  print_listing(listing, context.format, context.out);
}

void set_source_tenant_column(const Context& context, const TenantColumnOptions& options) {
  const auto database = open_database(context);
  if (options.column.empty()) {
    database->set_source_tenant_column(options.source, std::nullopt);
    context.out << "Source '" << options.source << "' has no tenant column.\n";
    return;
  }
  database->set_source_tenant_column(options.source, options.column);
  context.out << "Rows of source '" << options.source << "' belong to the tenant in '" << options.column
              << "'.\n";
}

}  // namespace jammi::cli
