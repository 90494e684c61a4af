#include <utility>

#include <jammi/error.h>
#include <jammi/transaction.h>

#include "db/transaction_state.h"
#include "table/store.h"

namespace jammi {

Transaction::Transaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transaction::~Transaction() = default;

std::shared_ptr<arrow::Table> Transaction::sql(const std::string& statements, std::stop_token stop) {
  return state_->transaction->run(statements, std::move(stop));
}

void Transaction::insert_batch(const std::string& id, const arrow::RecordBatch& batch) {
  state_->transaction->change([&](sql::StoreTransaction& changes) {
    const std::optional<MutableTableDefinition> table = changes.find(id);
    if (!table) {
      throw Error(ErrorCode::NotFound, ErrorCategory::MutableTable, "mutable table not found: " + id);
    }
    table::insert_batch(changes, *table, batch);
  });
}

void Transaction::commit() {
  state_->transaction->commit();
}

void Transaction::rollback() noexcept {
  state_->transaction->rollback();
}

}  // namespace jammi
