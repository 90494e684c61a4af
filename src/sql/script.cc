#include "sql/script.h"

#include <utility>

#include <arrow/api.h>
#include <duckdb/main/client_context.hpp>
#include <duckdb/parser/sql_statement.hpp>

#include "sql/arrow_status.h"
#include "sql/assigned_values.h"
#include "sql/errors.h"
#include "sql/result_reader.h"
#include "sql/statement.h"

namespace jammi::sql {
namespace {

/// What DuckDB says a change did: one row, one number.
uint64_t count_of(const arrow::Table& result) {
  const auto& counts = static_cast<const arrow::Int64Array&>(*result.column(0)->chunk(0));
  return static_cast<uint64_t>(counts.Value(0));
}

}  // namespace

std::shared_ptr<arrow::Table> count_table(const std::vector<uint64_t>& counts) {
  arrow::UInt64Builder builder;
  throw_if_error(builder.AppendValues(counts));
  const auto schema = arrow::schema({arrow::field("count", arrow::uint64(), false)});
  return arrow::Table::Make(schema, {value_or_throw(builder.Finish())});
}

std::shared_ptr<arrow::Table> run_statements(const std::shared_ptr<duckdb::Connection>& connection,
                                             std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> statements,
                                             MutableStore& store, uint64_t batch_rows,
                                             const std::stop_token& stop) {
  const FindMutableTable find = [&](const std::string& id) { return store.find(id); };
  for (auto& statement : statements) rewrite_assigned_values(*statement, find);
  if (statements.size() > 1) {
    translated([&] {
      for (const auto& statement : statements) connection->context->BindStatement(statement->Copy());
    });
  }
  std::vector<uint64_t> counts;
  for (auto& statement : statements) {
    const bool is_result = gives_rows(*statement);
    auto result = value_or_throw(stream(connection, std::move(statement), batch_rows, stop)->ToTable());
    if (is_result) return result;
    counts.push_back(count_of(*result));
  }
  return count_table(counts);
}

}  // namespace jammi::sql
