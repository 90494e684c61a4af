#include "sql/transaction.h"

#include <utility>

#include <duckdb.hpp>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/main/client_context.hpp>

#include "sql/errors.h"
#include "sql/mutable_catalog.h"
#include "sql/point_execution.h"
#include "sql/point_statement.h"
#include "sql/query_state.h"
#include "sql/script.h"
#include "sql/statement.h"

namespace jammi::sql {
Transaction::Transaction(std::unique_ptr<duckdb::Connection> connection, MutableStore& store,
                         uint64_t batch_rows)
    : connection_(std::move(connection)), store_(store), batch_rows_(batch_rows) {
  translated([&] { connection_->BeginTransaction(); });
}

Transaction::~Transaction() = default;  // the connection rolls back

template <typename Call>
auto Transaction::attempt(Call&& call) -> decltype(call()) {
  if (connection_ == nullptr) {
    throw Error(ErrorCode::Conflict, ErrorCategory::MutableTable,
                "the transaction is over: it was committed, rolled back, or one of its statements failed; "
                "start another");
  }
  try {
    return translated(std::forward<Call>(call));
  } catch (...) {
    connection_.reset();
    throw;
  }
}

std::shared_ptr<arrow::Table> Transaction::run(const std::string& text, std::stop_token stop) {
  if (const auto point = parse_point_statement(text)) {
    std::shared_ptr<arrow::Table> result;
    change([&](StoreTransaction& store) { result = run_point_statement(*point, store); });
    if (result) return result;
  }
  return attempt([&] {
    return run_statements(connection_, parse_statements(*connection_, text), store_, batch_rows_, stop);
  });
}

void Transaction::change(const std::function<void(StoreTransaction&)>& change) {
  attempt([&] {
    duckdb::ClientContext& context = *connection_->context;
    std::shared_ptr<OpenStore> store;
    context.RunFunctionInTransaction([&] {
      store = open_store(context, duckdb::Catalog::GetCatalog(context, duckdb::Identifier(kMutableCatalog)));
    });
    std::lock_guard lock(store->mutex);
    change(*store->transaction);
  });
}

void Transaction::commit() {
  attempt([&] { sql::commit(*connection_); });
  connection_.reset();
}

void Transaction::rollback() noexcept {
  connection_.reset();
}

}  // namespace jammi::sql
