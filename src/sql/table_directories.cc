#include "sql/table_directories.h"

#include <utility>

#include <arrow/api.h>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/main/client_context.hpp>

#include "base/log.h"
#include "sql/arrow_scan.h"
#include "sql/arrow_status.h"
#include "sql/errors.h"
#include "sql/query_state.h"

namespace jammi::sql {
namespace {

using Entry = duckdb::optional_ptr<duckdb::CatalogEntry>;
using Visit = std::function<void(duckdb::CatalogEntry&)>;

// A listing goes on without a table that cannot be read; the statement that names the table reports why.
void visit_readable(FileTableEntries& entries, duckdb::ClientContext& context,
                    duckdb::SchemaCatalogEntry& schema, const Visit& visit) {
  ScannedTable* entry = nullptr;
  try {
    entry = &translated([&]() -> ScannedTable& { return entries.current(context, schema); });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled) throw;
    entries.report_once(error);
    return;
  }
  visit(*entry);
}

class SourceDirectory final : public TableDirectory {
 public:
  SourceDirectory(std::shared_ptr<const FileReaders> readers, std::vector<FileTable> tables,
                  const std::string& tenant_column) {
    for (FileTable& table : tables) {
      duckdb::Identifier name(table.name);
      tables_.emplace(name, std::make_unique<FileTableEntries>(readers, std::move(table), tenant_column));
    }
  }

  Entry find(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
             const std::string& name) override {
    auto found = tables_.find(duckdb::Identifier(name));
    if (found == tables_.end()) return nullptr;
    return found->second->current(context, schema);
  }

  void for_each(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
                const Visit& visit) override {
    for (auto& [name, entries] : tables_) visit_readable(*entries, context, schema, visit);
  }

 private:
  duckdb::identifier_map_t<std::unique_ptr<FileTableEntries>> tables_;
};

// Result tables, looked up in the catalog each time; `entries_` only remembers what was opened.
class ResultDirectory final : public TableDirectory {
 public:
  ResultDirectory(std::shared_ptr<const FileReaders> readers, CatalogContent content)
      : readers_(std::move(readers)), content_(std::move(content)) {}

  Entry find(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
             const std::string& name) override {
    std::optional<ResultFile> file = content_.find_result_table(name, scope_of(context));
    if (!file) return nullptr;
    return entries_of(*file).current(context, schema);
  }

  void for_each(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
                const Visit& visit) override {
    for (const ResultFile& file : content_.list_result_tables(scope_of(context))) {
      visit_readable(entries_of(file), context, schema, visit);
    }
  }

 private:
  FileTableEntries& entries_of(const ResultFile& file) {
    std::lock_guard lock(mutex_);
    auto& entries = entries_[{file.table_name, file.parquet_path}];
    if (!entries) {
      entries = std::make_unique<FileTableEntries>(
          readers_, FileTable{file.table_name, FileFormat::Parquet, file.parquet_path}, "");
    }
    return *entries;
  }

  std::shared_ptr<const FileReaders> readers_;
  CatalogContent content_;
  std::mutex mutex_;  // guards entries_
  std::map<std::pair<std::string, std::string>, std::unique_ptr<FileTableEntries>> entries_;
};

// What has a bare name: catalog views, the relations of a query, and "jammi.<result table>" as one
// identifier.
class PublicDirectory final : public TableDirectory {
 public:
  PublicDirectory(duckdb::TableFunction arrow_scan, std::vector<CatalogView> views)
      : arrow_scan_(std::move(arrow_scan)) {
    for (CatalogView& view : views) {
      duckdb::Identifier name(view.name);
      views_.emplace(name, View{std::move(view), nullptr});
    }
  }

  Entry find(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
             const std::string& name) override {
    if (auto view = views_.find(duckdb::Identifier(name)); view != views_.end()) {
      return entry_of(view->second, context, schema);
    }
    size_t dot = name.find('.');
    if (dot != std::string::npos && duckdb::Identifier(name.substr(0, dot)) == kResultSchema) {
      auto& results = duckdb::Catalog::GetSchema(context, schema.catalog.GetName(), kResultSchema);
      if (Entry result =
              results.GetEntry(schema.GetCatalogTransaction(context), duckdb::CatalogType::TABLE_ENTRY,
                               duckdb::Identifier(name.substr(dot + 1)))) {
        return result;
      }
    }
    return find_relation(context, schema, name);
  }

  void for_each(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
                const Visit& visit) override {
    for (auto& [name, view] : views_) visit(entry_of(view, context, schema));
  }

 private:
  struct View {
    CatalogView definition;
    std::unique_ptr<ScannedTable> entry;
  };

  ScannedTable& entry_of(View& view, duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema) {
    std::lock_guard lock(mutex_);
    if (!view.entry) {
      auto empty = value_or_throw(arrow::Table::MakeEmpty(view.definition.schema));
      auto bind = [this, &view](duckdb::ClientContext& binding) {
        return bind_arrow_scan(binding, arrow_scan_, view.definition.read(scope_of(binding)));
      };
      const BoundScan shape = bind_arrow_scan(context, arrow_scan_, empty);
      view.entry = std::make_unique<ScannedTable>(schema, view.definition.name, shape, bind,
                                                  tenant_column_of(shape, /*declared=*/""));
    }
    return *view.entry;
  }

  duckdb::TableFunction arrow_scan_;
  std::mutex mutex_;  // guards the entries in views_
  duckdb::identifier_map_t<View> views_;
};

}  // namespace

FileTableEntries::FileTableEntries(std::shared_ptr<const FileReaders> readers, FileTable table,
                                   std::string tenant_column)
    : readers_(std::move(readers)), table_(std::move(table)), tenant_column_(std::move(tenant_column)) {}

ScannedTable& FileTableEntries::current(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema) {
  std::vector<FileStamp> stamps = list_files(table_);
  std::lock_guard lock(mutex_);
  if (!versions_.empty() && stamps == stamps_) return *versions_.back();
  BoundScan shape = readers_->bind(context, table_.format, stamps);
  if (versions_.empty() || !versions_.back()->has_columns_of(shape)) {
    auto bind = [this](duckdb::ClientContext& binding) {
      return readers_->bind(binding, table_.format, list_files(table_));
    };
    versions_.push_back(std::make_unique<ScannedTable>(schema, table_.name, shape, bind,
                                                       tenant_column_of(shape, tenant_column_)));
  }
  stamps_ = std::move(stamps);
  return *versions_.back();
}

void FileTableEntries::report_once(const Error& error) {
  std::lock_guard lock(mutex_);
  if (reported_ == error.what()) return;
  reported_ = error.what();
  log::warn("left out of the list of tables: " + table_.name + ": " + reported_);
}

SchemaDirectories source_schemas(std::shared_ptr<const FileReaders> readers, std::vector<FileTable> tables,
                                 const std::string& tenant_column) {
  SchemaDirectories schemas;
  schemas[kDefaultSchema] =
      std::make_unique<SourceDirectory>(std::move(readers), std::move(tables), tenant_column);
  return schemas;
}

SchemaDirectories default_schemas(std::shared_ptr<const FileReaders> readers,
                                  duckdb::TableFunction arrow_scan, CatalogContent content) {
  SchemaDirectories schemas;
  schemas[kDefaultSchema] = std::make_unique<PublicDirectory>(std::move(arrow_scan), content.views);
  schemas[kResultSchema] = std::make_unique<ResultDirectory>(std::move(readers), std::move(content));
  return schemas;
}

}  // namespace jammi::sql
