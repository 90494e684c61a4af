#include "table/pooled_transaction.h"

#include <utility>

#include "catalog/mutable_table_error.h"
#include "catalog/mutable_table_repository.h"
#include "catalog/tenant_filter.h"
#include "table/row_cursor.h"
#include "table/row_sql.h"
#include "table/row_writer.h"

namespace jammi::table {

using catalog::TenantScope;
using catalog::with_backend;

PooledTransaction::PooledTransaction(catalog::ConnectionPool& pool, WriteTurn* turn, KnownTables& known,
                                     TenantScope scope)
    : turn_(turn),
      known_(known),
      connection_(pool.lease()),
      transaction_(*connection_,
                   turn == nullptr ? catalog::Transaction::Mode::Read : catalog::Transaction::Mode::Write),
      scope_(std::move(scope)) {}

std::optional<MutableTableDefinition> PooledTransaction::find(const std::string& id) {
  std::optional<MutableTableDefinition> table = catalog::MutableTableRepository::find(*connection_, id);
  if (!table || !scope_.sees(table->tenant_id)) return std::nullopt;
  if (connection_->backend() == catalog::Backend::Postgres) known_.note(*table);
  return table;
}

std::unique_ptr<sql::RowCursor> PooledTransaction::scan(const MutableTableDefinition& table,
                                                        std::span<const size_t> columns,
                                                        std::span<const sql::Condition> conditions) {
  return with_backend([&] {
    auto cursor = std::make_unique<StatementCursor>(*connection_, select_sql(table, columns, conditions),
                                                    types_of(table, columns));
    for (const sql::Condition& condition : conditions) {
      for (const sql::OwnedCell& operand : condition.operands) {
        bind_cell(cursor->statement(), sql::borrowed(operand), table.columns[condition.column].type);
      }
    }
    catalog::bind_scope(cursor->statement(), scope_);
    return cursor;
  });
}

std::unique_ptr<sql::RowCursor> PooledTransaction::replay(const MutableTableDefinition& table, int64_t after,
                                                          std::optional<uint64_t> limit) {
  return with_backend([&] {
    auto cursor = std::make_unique<StatementCursor>(*connection_, replay_sql(table, limit), types_of(table));
    catalog::bind_scope(cursor->statement().bind(after), scope_);
    return cursor;
  });
}

std::unique_ptr<sql::RowWriter> PooledTransaction::insert(const MutableTableDefinition& table) {
  return insert_writer(*connection_, table, scope_);
}

std::unique_ptr<sql::RowWriter> PooledTransaction::update(const MutableTableDefinition& table,
                                                          std::span<const size_t> columns) {
  return update_writer(*connection_, table, columns, scope_);
}

std::unique_ptr<sql::RowWriter> PooledTransaction::remove(const MutableTableDefinition& table) {
  return remove_writer(*connection_, table, scope_);
}

void PooledTransaction::commit() {
  with_backend([&] { transaction_.commit(); });
}

}  // namespace jammi::table
