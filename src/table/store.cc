#include "table/store.h"

#include <utility>

#include <arrow/api.h>

#include <jammi/error.h>

#include "catalog/mutable_table_error.h"
#include "catalog/tenant_filter.h"
#include "sql/arrow_rows.h"
#include "sql/arrow_status.h"
#include "table/batch_cells.h"
#include "table/pooled_transaction.h"
#include "table/row_cursor.h"
#include "table/row_sql.h"

namespace jammi::table {
namespace {

using catalog::mutable_table_error;
using catalog::Statement;
using catalog::TenantScope;
using catalog::with_backend;
using sql::Cell;

/// The one row of a statement that has been run.
class FoundRow final : public sql::RowCursor {
 public:
  explicit FoundRow(catalog::ConnectionPool& pool) : connection_(pool.lease()) {}

  /// False when there is no row.
  bool find(const std::string& sql, std::vector<ColumnType> types, const auto& bind) {
    cursor_.emplace(*connection_, sql, std::move(types));
    bind(cursor_->statement());
    is_before_row_ = cursor_->next();
    return is_before_row_;
  }

  bool next() override { return std::exchange(is_before_row_, false); }
  Cell cell(size_t position) const override { return cursor_->cell(position); }

 private:
  catalog::ConnectionPool::Lease connection_;
  std::optional<StatementCursor> cursor_;
  bool is_before_row_ = false;
};

void bind_key(Statement& statement, const MutableTableDefinition& table,
              std::span<const sql::Condition> key) {
  for (const sql::Condition& condition : key) {
    bind_cell(statement, sql::borrowed(condition.operands.front()), table.columns[condition.column].type);
  }
}

class ReplayReader final : public arrow::RecordBatchReader {
 public:
  ReplayReader(std::unique_ptr<PooledTransaction> transaction, MutableTableDefinition table, int64_t after,
               std::optional<uint64_t> limit, uint64_t chunk_size)
      : transaction_(std::move(transaction)),
        table_(std::move(table)),
        rows_(table_.columns),
        chunk_size_(chunk_size),
        cursor_(transaction_->replay(table_, after, limit)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_.schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (cursor_ == nullptr) return arrow::Status::OK();
    try {
      *batch = read();
    } catch (const Error& error) {
      cursor_.reset();
      return sql::to_status(error);
    }
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatch> read() {
    uint64_t num_rows = 0;
    while (num_rows < chunk_size_ && cursor_->next()) {
      rows_.append(*cursor_);
      ++num_rows;
    }
    if (num_rows < chunk_size_) {
      cursor_.reset();
      transaction_.reset();
    }
    return num_rows == 0 ? nullptr : rows_.finish();
  }

  std::unique_ptr<PooledTransaction> transaction_;
  const MutableTableDefinition table_;
  sql::ArrowRows rows_;
  const uint64_t chunk_size_;
  std::unique_ptr<sql::RowCursor> cursor_;  // null at the end and after an error
};

}  // namespace

Store::Store(std::shared_ptr<catalog::Catalog> catalog, std::chrono::milliseconds turn_timeout)
    : catalog_(std::move(catalog)), turn_(turn_timeout) {}

std::unique_ptr<sql::StoreTransaction> Store::begin(Access access, const TenantScope& scope) {
  return with_backend([&] {
    return std::make_unique<PooledTransaction>(catalog_->pool(), access == Access::Write ? &turn_ : nullptr,
                                               known_, scope);
  });
}

std::optional<MutableTableDefinition> Store::find(const std::string& id) {
  return catalog::MutableTableRepository::find(*catalog_->pool().lease(), id);
}

std::vector<MutableTableDefinition> Store::list() {
  return catalog_->mutable_tables().list(TenantScope::everything());
}

std::optional<MutableTableDefinition> Store::recall(const std::string& id) {
  return catalog_->backend() == catalog::Backend::Postgres ? known_.find(id) : std::nullopt;
}

std::unique_ptr<sql::RowCursor> Store::select_row(const MutableTableDefinition& table,
                                                  std::span<const size_t> columns,
                                                  std::span<const sql::Condition> key,
                                                  const TenantScope& scope) {
  try {
    auto row = std::make_unique<FoundRow>(catalog_->pool());
    const bool is_found =
        row->find(select_row_sql(table, columns, key), types_of(table, columns), [&](Statement& statement) {
          bind_key(statement, table, key);
          catalog::bind_registration(catalog::bind_scope(statement, scope), table, scope);
        });
    if (is_found) return row;
  } catch (const Error&) {  // whatever it is, a transaction meets it, too
  }
  return nullptr;
}

bool Store::change_row(const MutableTableDefinition& table, std::span<const sql::Condition> key,
                       std::span<const sql::Assignment> assignments, const TenantScope& scope) {
  const HeldTurn turn(&turn_);
  return with_backend([&] {
    try {
      const auto connection = catalog_->pool().lease();
      Statement statement(*connection, change_row_sql(table, assignments));
      for (const sql::Assignment& assignment : assignments) {
        bind_cell(statement, sql::borrowed(assignment.value), table.columns[assignment.column].type);
      }
      bind_key(statement, table, key);
      catalog::bind_scope(statement, scope);
      for (const sql::Assignment& assignment : assignments) {
        if (assignment.addend) statement.bind(std::get<int64_t>(assignment.value));
      }
      catalog::bind_registration(statement, table, scope);
      statement.run();
      return connection->num_changed_rows() == 1;
    } catch (const Error& error) {
      // The change may have landed before the connection was lost: it must not be made again.
      if (error.code() == ErrorCode::Unavailable) throw;
      return false;
    }
  });
}

MutableTableDefinition Store::get(const std::string& id, const TenantScope& scope) {
  std::optional<MutableTableDefinition> table = find(id);
  if (!table || !scope.sees(table->tenant_id))
    throw mutable_table_error(ErrorCode::NotFound, "mutable table not found: " + id);
  return std::move(*table);
}

void Store::create(const MutableTableDefinition& definition, const TenantScope& scope) {
  catalog_->mutable_tables().add(definition, scope);
  std::lock_guard lock(mutex_);
  chunk_sizes_[definition.id] = definition.chunk_size;
}

void Store::drop(const std::string& id, const TenantScope& scope) {
  catalog_->mutable_tables().remove(id, scope);
  std::lock_guard lock(mutex_);
  chunk_sizes_.erase(id);
}

void Store::insert_batch(const std::string& id, const arrow::RecordBatch& batch, const TenantScope& scope) {
  const MutableTableDefinition table = get(id, scope);
  const auto transaction = begin(Access::Write, scope);
  table::insert_batch(*transaction, table, batch);
  transaction->commit();
}

uint64_t Store::chunk_size_of(const MutableTableDefinition& table) {
  std::lock_guard lock(mutex_);
  const auto found = chunk_sizes_.find(table.id);
  return found == chunk_sizes_.end() ? table.chunk_size : found->second;
}

std::shared_ptr<arrow::RecordBatchReader> Store::scan_after(const std::string& id, int64_t value,
                                                            std::optional<uint64_t> limit,
                                                            const TenantScope& scope) {
  MutableTableDefinition table = get(id, scope);
  if (!table.order_column) {
    throw mutable_table_error(ErrorCode::InvalidArgument,
                              "table has no order_column declared; required by scan_after");
  }
  auto transaction = with_backend(
      [&] { return std::make_unique<PooledTransaction>(catalog_->pool(), nullptr, known_, scope); });
  const uint64_t chunk_size = chunk_size_of(table);
  return std::make_shared<ReplayReader>(std::move(transaction), std::move(table), value, limit, chunk_size);
}

void insert_batch(sql::StoreTransaction& transaction, const MutableTableDefinition& table,
                  const arrow::RecordBatch& batch) {
  const BatchCells cells(table, batch);
  const auto writer = transaction.insert(table);
  std::vector<Cell> row(table.columns.size());
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    cells.read(i, row);
    writer->write(row);
  }
  writer->finish();
}

}  // namespace jammi::table
