#include "sql/file_scan.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp>
#include <duckdb/common/file_system.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/parser/tableref/table_function_ref.hpp>
#include <sys/stat.h>

#include "sql/csv_check.h"
#include "sql/errors.h"

namespace jammi::sql {
namespace {

namespace fs = std::filesystem;

// Endings, before a compression suffix, of the files that belong to a directory's table.
bool has_ending_of(FileFormat format, std::string_view name) {
  static constexpr std::array<std::string_view, 1> kParquet{".parquet"};
  static constexpr std::array<std::string_view, 1> kCsv{".csv"};
  static constexpr std::array<std::string_view, 3> kJson{".json", ".jsonl", ".ndjson"};
  for (std::string_view compression : {".gz", ".zst"}) {
    if (format != FileFormat::Parquet && name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
  switch (format) {
    case FileFormat::Parquet:
      return std::ranges::any_of(kParquet, ends);
    case FileFormat::Csv:
      return std::ranges::any_of(kCsv, ends);
    case FileFormat::Json:
      return std::ranges::any_of(kJson, ends);
    case FileFormat::Avro:
      return false;
  }
  return false;
}

std::vector<std::string> paths_of(const FileTable& table) {
  std::vector<std::string> paths;
  if (fs::is_directory(table.location)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(table.location)) {
      std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && has_ending_of(table.format, name)) paths.push_back(entry.path());
    }
  } else if (fs::exists(table.location)) {
    paths.push_back(table.location);
  } else if (duckdb::FileSystem::HasGlob(table.location)) {
    for (const duckdb::OpenFileInfo& match : duckdb::FileSystem::CreateLocal()->Glob(table.location)) {
      paths.push_back(match.path);
    }
  }
  std::ranges::sort(paths);
  return paths;
}

std::vector<FileStamp> stamped(std::vector<std::string> paths) {
  std::vector<FileStamp> files;
  for (std::string& path : paths) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) continue;  // removed between listing and looking
    files.push_back({std::move(path), static_cast<uint64_t>(status.st_size),
                     status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec});
  }
  return files;
}

// The readers expand glob characters themselves; a bracket makes each stand for itself.
std::string without_glob(std::string_view path) {
  std::string escaped;
  for (char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      escaped += {'[', c, ']'};
    } else {
      escaped += c;
    }
  }
  return escaped;
}

duckdb::shared_ptr<const duckdb::TableFunction> capture(duckdb::ClientContext& context, const char* name) {
  auto& entry = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::TableFunctionCatalogEntry>(
      context, duckdb::QualifiedName(duckdb::Identifier::SystemCatalog(), duckdb::Identifier::DefaultSchema(),
                                     duckdb::Identifier(name)));
  return entry.functions.GetFunctionByArguments(context,
                                                {duckdb::LogicalType::LIST(duckdb::LogicalType::VARCHAR)});
}

duckdb::named_argument_map_t options_of(FileFormat format) {
  duckdb::named_argument_map_t options;
  if (format == FileFormat::Csv) {
    // Fixed, because guessing a delimiter would turn a ragged file into one with a single odd column.
    options[duckdb::Identifier("delim")] = duckdb::Value(",");
    options[duckdb::Identifier("quote")] = duckdb::Value("\"");
    options[duckdb::Identifier("header")] = duckdb::Value::BOOLEAN(true);
  }
  return options;
}

bool is_about_content(duckdb::ExceptionType type) {
  using duckdb::ExceptionType;
  return type == ExceptionType::INVALID_INPUT || type == ExceptionType::SERIALIZATION ||
         type == ExceptionType::CONVERSION || type == ExceptionType::BINDER;
}

// DuckDB tells only that it could not make sense of a ragged CSV file, not where.
Error unreadable(FileFormat format, const std::vector<FileStamp>& files, const Error& cause) {
  std::string path = files.front().path;
  std::string why = cause.message();
  for (const FileStamp& file : files) {
    std::optional<RaggedLine> ragged;
    if (format == FileFormat::Csv) ragged = find_ragged_line(file.path);
    if (!ragged) continue;
    path = file.path;
    why = "line " + std::to_string(ragged->line) + " has " + std::to_string(ragged->num_fields) +
          " fields, the header has " + std::to_string(ragged->num_header_fields);
    break;
  }
  return Error(ErrorCode::DataCorruption, ErrorCategory::Sql,
               "cannot read " + std::string(to_string(format)) + " file: " + path + ": " + why);
}

}  // namespace

std::vector<FileStamp> list_files(const FileTable& table) {
  try {
    std::vector<FileStamp> files = stamped(paths_of(table));
    if (!files.empty()) return files;
    std::string format(to_string(table.format));
    throw Error(ErrorCode::NotFound, ErrorCategory::Sql,
                (fs::is_directory(table.location) ? "no " + format + " files in: " : "no such file: ") +
                    table.location);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::Unavailable, ErrorCategory::Sql,
                "cannot list files: " + table.location + ": " + error.code().message());
  }
}

FileReaders::FileReaders(duckdb::ClientContext& context)
    : parquet_(capture(context, "parquet_scan")),
      csv_(capture(context, "read_csv")),
      json_(capture(context, "read_ndjson")) {}

const duckdb::shared_ptr<const duckdb::TableFunction>& FileReaders::reader(FileFormat format) const {
  switch (format) {
    case FileFormat::Parquet:
      return parquet_;
    case FileFormat::Csv:
      return csv_;
    case FileFormat::Json:
      return json_;
    case FileFormat::Avro:
      break;
  }
  throw Error(ErrorCode::Unsupported, ErrorCategory::Sql, "Avro not yet supported");
}

BoundScan FileReaders::bind(duckdb::ClientContext& context, FileFormat format,
                            const std::vector<FileStamp>& files) const {
  const duckdb::shared_ptr<const duckdb::TableFunction>& function = reader(format);
  duckdb::DBConfig& config = duckdb::DBConfig::GetConfig(context);
  duckdb::vector<duckdb::Value> paths;
  for (const FileStamp& file : files) {
    std::string path = without_glob(file.path);
    config.AddAllowedPath(file.path);
    if (path != file.path) config.AddAllowedPath(path);
    paths.push_back(duckdb::Value(path));
  }
  duckdb::vector<duckdb::Value> inputs{duckdb::Value::LIST(duckdb::LogicalType::VARCHAR, std::move(paths))};
  duckdb::named_argument_map_t options = options_of(format);
  duckdb::vector<duckdb::LogicalType> no_types;
  duckdb::vector<duckdb::Identifier> no_names;
  duckdb::TableFunctionRef call;
  duckdb::BoundTableFunction bound(function);
  duckdb::TableFunctionBindInput input(inputs, options, no_types, no_names, function->function_info.get(),
                                       nullptr, bound, call);
  BoundScan scan;
  try {
    scan.bind_data = function->bind(context, input, scan.types, scan.names);
  } catch (const std::exception& thrown) {
    duckdb::ErrorData error(thrown);
    if (!is_about_content(error.Type())) throw;
    throw unreadable(format, files, to_error(error));
  }
  scan.function = *function;
  return scan;
}

}  // namespace jammi::sql
