#include "table/row_writer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <jammi/error.h>

#include "catalog/mutable_table_error.h"
#include "catalog/tenant_filter.h"
#include "table/row_cursor.h"
#include "table/row_sql.h"

namespace jammi::table {
namespace {

using catalog::mutable_table_error;
using catalog::Statement;
using catalog::TenantScope;
using catalog::with_backend;
using sql::Cell;

/// Throws InvalidArgument for a cell that no row of the table may have there.
void require_storable(const std::string& table, const MutableColumn& column, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell) && !column.is_nullable) {
    throw mutable_table_error(ErrorCode::InvalidArgument,
                              "column '" + column.name + "' of '" + table + "' must not be null");
  }
  if (const auto* real = std::get_if<double>(&cell); real != nullptr && std::isnan(*real)) {
    throw mutable_table_error(ErrorCode::InvalidArgument, "column '" + column.name + "' of '" + table +
                                                              "' cannot hold NaN; write NULL instead");
  }
}

/// Runs `change` of a table; what the database reports becomes an error of the table.
template <typename Change>
void changing(const std::string& table, Change&& change) {
  try {
    change();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::AlreadyExists) {
      throw mutable_table_error(error.code(), "backend: " + error.message());
    }
    throw mutable_table_error(ErrorCode::AlreadyExists,
                              "duplicate key in '" + table + "'; nothing was changed: " + error.message());
  }
}

/// What a parameter of a change is for.
using Parameter = const MutableColumn*;

/// Runs a statement for every row.
class Writer final : public sql::RowWriter {
 public:
  /// How a statement ends: with the tenant to stamp, or with the test of whose the row is.
  enum class Ending { Stamp, Test };

  Writer(catalog::Connection& connection, const MutableTableDefinition& table, const std::string& sql,
         std::vector<Parameter> parameters, Ending ending, const TenantScope& scope)
      : connection_(connection),
        table_(table),
        statement_(connection, sql),
        parameters_(std::move(parameters)),
        ending_(ending),
        scope_(scope) {}

  int64_t write(std::span<const Cell> cells) override {
    for (size_t i = 0; i < parameters_.size(); ++i) require_storable(table_.id, *parameters_[i], cells[i]);
    changing(table_.id, [&] {
      for (size_t i = 0; i < parameters_.size(); ++i) bind_cell(statement_, cells[i], parameters_[i]->type);
      if (ending_ == Ending::Stamp) {
        statement_.bind(scope_.tenant_id());
      } else {
        catalog::bind_scope(statement_, scope_);
      }
      statement_.run();
      statement_.reset();
    });
    const int64_t num_changed = connection_.num_changed_rows();
    if (num_changed == 0 && scope_.tenant_id()) require_not_shared(cells);
    return num_changed;
  }

 private:
  /// A tenant sees the rows of nobody but changes none.
  void require_not_shared(std::span<const Cell> cells) {
    Statement find(connection_, shared_row_sql(table_));
    for (size_t i = parameters_.size() - table_.primary_key.size(); i < parameters_.size(); ++i) {
      bind_cell(find, cells[i], parameters_[i]->type);
    }
    if (!with_backend([&] { return find.step(); })) return;
    throw Error(
        ErrorCode::InvalidArgument, ErrorCategory::Tenant,
        "a row of all tenants is changed or removed without a tenant, in mutable table: " + table_.id);
  }

  catalog::Connection& connection_;
  const MutableTableDefinition& table_;
  Statement statement_;
  std::vector<Parameter> parameters_;
  const Ending ending_;
  const TenantScope scope_;
};

/// Inserts a few rows by a statement and all others by a loader of the connection.
class LoadingWriter final : public sql::RowWriter {
 public:
  LoadingWriter(catalog::Connection& connection, const MutableTableDefinition& table,
                std::unique_ptr<sql::RowWriter> statement, const TenantScope& scope)
      : connection_(connection), table_(table), statement_(std::move(statement)), scope_(scope) {}

  int64_t write(std::span<const Cell> cells) override {
    if (num_written_ < kMostByStatement) {
      ++num_written_;
      return statement_->write(cells);
    }
    for (size_t i = 0; i < cells.size(); ++i) require_storable(table_.id, table_.columns[i], cells[i]);
    row_.assign(cells.begin(), cells.end());
    const std::optional<std::string>& tenant = scope_.tenant_id();
    row_.push_back(tenant ? Cell(*tenant) : Cell());
    changing(table_.id, [&] {
      if (loader_ == nullptr) loader_ = connection_.load(table_.id, loaded_columns());
      loader_->add(row_);
    });
    return 1;
  }

  void finish() override {
    if (loader_ != nullptr) changing(table_.id, [&] { loader_->finish(); });
  }

 private:
  static constexpr int kMostByStatement = 16;  // for one or a few rows, starting and ending a load costs more

  std::vector<catalog::LoadedColumn> loaded_columns() const {
    std::vector<catalog::LoadedColumn> columns;
    for (const MutableColumn& column : table_.columns) {
      columns.push_back({.name = column.name, .is_binary = column.type == ColumnType::Binary});
    }
    columns.push_back({.name = "tenant_id"});
    return columns;
  }

  catalog::Connection& connection_;
  const MutableTableDefinition& table_;
  const std::unique_ptr<sql::RowWriter> statement_;
  const TenantScope scope_;
  int num_written_ = 0;  // by the statement
  std::unique_ptr<catalog::Loader> loader_;
  std::vector<Cell> row_;
};

void add_key(const MutableTableDefinition& table, std::vector<Parameter>& parameters) {
  for (const std::string& column : table.primary_key) {
    parameters.push_back(&*std::ranges::find(table.columns, column, &MutableColumn::name));
  }
}

std::unique_ptr<sql::RowWriter> writer(catalog::Connection& connection, const MutableTableDefinition& table,
                                       const std::string& sql, std::vector<Parameter> parameters,
                                       Writer::Ending ending, const TenantScope& scope) {
  return with_backend(
      [&] { return std::make_unique<Writer>(connection, table, sql, std::move(parameters), ending, scope); });
}

}  // namespace

std::unique_ptr<sql::RowWriter> insert_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table, const TenantScope& scope) {
  std::vector<Parameter> parameters;
  for (const MutableColumn& column : table.columns) parameters.push_back(&column);
  auto by_statement =
      writer(connection, table, insert_sql(table), std::move(parameters), Writer::Ending::Stamp, scope);
  if (connection.backend() == catalog::Backend::Sqlite) return by_statement;
  return std::make_unique<LoadingWriter>(connection, table, std::move(by_statement), scope);
}

std::unique_ptr<sql::RowWriter> update_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table,
                                              std::span<const size_t> columns, const TenantScope& scope) {
  std::vector<Parameter> parameters;
  for (size_t column : columns) parameters.push_back(&table.columns[column]);
  add_key(table, parameters);
  return writer(connection, table, update_sql(table, columns), std::move(parameters), Writer::Ending::Test,
                scope);
}

std::unique_ptr<sql::RowWriter> remove_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table, const TenantScope& scope) {
  std::vector<Parameter> parameters;
  add_key(table, parameters);
  return writer(connection, table, delete_sql(table), std::move(parameters), Writer::Ending::Test, scope);
}

}  // namespace jammi::table
