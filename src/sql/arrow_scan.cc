#include "sql/arrow_scan.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp>
#include <duckdb/common/arrow/arrow_wrapper.hpp>
#include <duckdb/function/table/arrow.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>
#include <duckdb/parser/tableref/table_function_ref.hpp>

#include <jammi/error.h>

#include "sql/arrow_status.h"
#include "sql/errors.h"

namespace jammi::sql {
namespace {

constexpr const char* kRelationsKey = "jammi_relations";

class TableRows final : public ArrowRows {
 public:
  explicit TableRows(std::shared_ptr<arrow::Table> table) : table_(std::move(table)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return table_->schema(); }

  std::shared_ptr<arrow::RecordBatchReader> open(const std::vector<std::string>& columns) override {
    return std::make_shared<arrow::TableBatchReader>(projected(columns));
  }

  std::optional<uint64_t> num_rows() const override { return static_cast<uint64_t>(table_->num_rows()); }

 private:
  std::shared_ptr<arrow::Table> projected(const std::vector<std::string>& columns) const {
    if (columns.empty()) return table_;
    std::vector<int> indices;
    for (const std::string& column : columns) indices.push_back(table_->schema()->GetFieldIndex(column));
    return value_or_throw(table_->SelectColumns(indices));
  }

  std::shared_ptr<arrow::Table> table_;
};

/// The batches of a reader. Its errors stay what they are, which the C stream interface would make text.
class BatchStream final : public duckdb::ArrowArrayStreamWrapper {
 public:
  explicit BatchStream(std::shared_ptr<arrow::RecordBatchReader> reader) : reader_(std::move(reader)) {}

  duckdb::shared_ptr<duckdb::ArrowArrayWrapper> GetNextChunk() override {
    return inside_duckdb([&] {
      auto chunk = duckdb::make_shared_ptr<duckdb::ArrowArrayWrapper>();
      std::shared_ptr<arrow::RecordBatch> batch;
      throw_if_error(reader_->ReadNext(&batch));
      if (batch != nullptr) throw_if_error(arrow::ExportRecordBatch(*batch, &chunk->arrow_array));
      return chunk;
    });
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
};

class RowsFactory final : public duckdb::ArrowScanFactory {
 public:
  explicit RowsFactory(std::unique_ptr<ArrowRows> rows) : rows_(std::move(rows)) {}

  void GetSchema(ArrowSchema& schema) override {
    inside_duckdb([&] { throw_if_error(arrow::ExportSchema(*rows_->schema(), &schema)); });
  }

  duckdb::unique_ptr<duckdb::ArrowArrayStreamWrapper> ProduceStream(
      duckdb::ArrowStreamParameters& parameters) override {
    const auto& columns = parameters.projected_columns.columns;
    return inside_duckdb([&] {
      return duckdb::make_uniq<BatchStream>(
          rows_->open(std::vector<std::string>(columns.begin(), columns.end())));
    });
  }

  const ArrowRows& rows() const { return *rows_; }

 private:
  std::unique_ptr<ArrowRows> rows_;
};

duckdb::unique_ptr<duckdb::NodeStatistics> cardinality(duckdb::ClientContext&,
                                                       const duckdb::FunctionData* bind_data) {
  const auto& factory =
      static_cast<const RowsFactory&>(*bind_data->Cast<duckdb::ArrowScanFunctionData>().factory);
  const std::optional<uint64_t> num_rows = factory.rows().num_rows();
  return num_rows ? duckdb::make_uniq<duckdb::NodeStatistics>(*num_rows)
                  : duckdb::make_uniq<duckdb::NodeStatistics>();
}

/// DuckDB would give a second column of one name another, which the table does not know.
void require_distinct_names(const std::string& relation, const arrow::Schema& schema) {
  duckdb::identifier_set_t names;
  for (const std::string& column : schema.field_names()) {
    if (!names.insert(duckdb::Identifier(column)).second) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                  "Relation '" + relation + "' has two columns of one name, ignoring case: '" + column + "'");
    }
  }
}

class ConnectionRelations final : public duckdb::ClientContextState {
 public:
  ConnectionRelations(const duckdb::TableFunction& arrow_scan, const Relations& relations)
      : arrow_scan_(arrow_scan) {
    for (const auto& [name, table] : relations) {
      require_distinct_names(name, *table->schema());
      tables_.emplace(duckdb::Identifier(name), table);
    }
  }

  duckdb::optional_ptr<duckdb::CatalogEntry> find(duckdb::ClientContext& context,
                                                  duckdb::SchemaCatalogEntry& schema,
                                                  const std::string& name) {
    auto table = tables_.find(duckdb::Identifier(name));
    if (table == tables_.end()) return nullptr;
    std::unique_ptr<ScannedTable>& entry = entries_[table->first];
    if (!entry) {
      auto bind = [this, rows = table->second](duckdb::ClientContext& binding) {
        return bind_arrow_scan(binding, arrow_scan_, rows);
      };
      // Its rows are the caller's own, whatever their columns are called.
      entry = std::make_unique<ScannedTable>(schema, name, bind(context), bind, std::nullopt);
    }
    return entry.get();
  }

 private:
  duckdb::TableFunction arrow_scan_;
  duckdb::identifier_map_t<std::shared_ptr<arrow::Table>> tables_;
  duckdb::identifier_map_t<std::unique_ptr<ScannedTable>> entries_;
};

}  // namespace

duckdb::TableFunction capture_arrow_scan(duckdb::ClientContext& context) {
  auto& entry = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::TableFunctionCatalogEntry>(
      context, duckdb::QualifiedName(duckdb::Identifier::SystemCatalog(), duckdb::Identifier::DefaultSchema(),
                                     duckdb::Identifier("arrow_scan")));
  duckdb::TableFunction scan = *entry.functions.GetFunctionByOffset(0);
  scan.name = duckdb::Identifier("relation");
  scan.filter_pushdown = false;
  scan.filter_prune = false;
  scan.cardinality = cardinality;
  return scan;
}

BoundScan bind_arrow_scan(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                          std::unique_ptr<ArrowRows> rows) {
  duckdb::vector<duckdb::Value> inputs;
  duckdb::named_argument_map_t options;
  duckdb::vector<duckdb::LogicalType> no_types;
  duckdb::vector<duckdb::Identifier> no_names;
  duckdb::TableFunctionRef call;
  call.bind_info = duckdb::make_shared_ptr<RowsFactory>(std::move(rows));
  duckdb::BoundTableFunction bound(arrow_scan);
  duckdb::TableFunctionBindInput input(inputs, options, no_types, no_names, call.bind_info.get(), nullptr,
                                       bound, call);
  BoundScan scan;
  scan.bind_data = arrow_scan.bind(context, input, scan.types, scan.names);
  scan.function = arrow_scan;
  return scan;
}

BoundScan bind_arrow_scan(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                          std::shared_ptr<arrow::Table> table) {
  return bind_arrow_scan(context, arrow_scan, std::make_unique<TableRows>(std::move(table)));
}

void add_relations(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                   const Relations& relations) {
  context.registered_state->Insert(kRelationsKey,
                                   duckdb::make_shared_ptr<ConnectionRelations>(arrow_scan, relations));
}

duckdb::optional_ptr<duckdb::CatalogEntry> find_relation(duckdb::ClientContext& context,
                                                         duckdb::SchemaCatalogEntry& schema,
                                                         const std::string& name) {
  auto relations = context.registered_state->Get<ConnectionRelations>(kRelationsKey);
  if (!relations) return nullptr;
  return relations->find(context, schema, name);
}

}  // namespace jammi::sql
