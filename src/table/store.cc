#include "table/store.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <arrow/api.h>

#include <jammi/error.h>

#include "catalog/mutable_table_error.h"
#include "catalog/tenant_filter.h"
#include "sql/arrow_rows.h"
#include "sql/arrow_status.h"
#include "table/batch_cells.h"
#include "table/row_sql.h"

namespace jammi::table {
namespace {

using catalog::mutable_table_error;
using catalog::Statement;
using catalog::TenantScope;
using catalog::with_backend;
using sql::Cell;

void bind_cell(Statement& statement, const Cell& cell, ColumnType type) {
  if (std::holds_alternative<std::monostate>(cell)) {
    statement.bind_null();
  } else if (const auto* integer = std::get_if<int64_t>(&cell)) {
    statement.bind(*integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    statement.bind(*real);
  } else if (type == ColumnType::Binary) {
    statement.bind_bytes(std::get<std::string_view>(cell));
  } else {
    statement.bind(std::get<std::string_view>(cell));
  }
}

const MutableColumn& column_named(const MutableTableDefinition& table, const std::string& name) {
  return *std::ranges::find(table.columns, name, &MutableColumn::name);
}

std::vector<ColumnType> types_of(const MutableTableDefinition& table, std::span<const size_t> columns) {
  std::vector<ColumnType> types;
  for (size_t column : columns) types.push_back(table.columns[column].type);
  return types;
}

class Cursor final : public sql::RowCursor {
 public:
  Cursor(catalog::Connection& connection, const std::string& sql, std::vector<ColumnType> types)
      : statement_(connection, sql), types_(std::move(types)) {}

  Statement& statement() { return statement_; }

  bool next() override {
    return with_backend([&] { return statement_.step(); });
  }

  Cell cell(size_t position) const override {
    const int column = static_cast<int>(position);
    if (statement_.is_null(column)) return std::monostate();
    switch (types_[position]) {
      case ColumnType::Float32:
      case ColumnType::Float64:
        return statement_.real(column);
      case ColumnType::Utf8:
      case ColumnType::Binary:
        return statement_.bytes(column);
      default:
        return statement_.integer(column);
    }
  }

 private:
  Statement statement_;
  std::vector<ColumnType> types_;
};

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

/// Holds the turn to write, if any, for as long as it lives.
class HeldTurn {
 public:
  explicit HeldTurn(WriteTurn* turn) : turn_(turn) {
    if (turn_ != nullptr) turn_->take();
  }
  ~HeldTurn() {
    if (turn_ != nullptr) turn_->give_back();
  }
  HeldTurn(const HeldTurn&) = delete;
  HeldTurn& operator=(const HeldTurn&) = delete;

 private:
  WriteTurn* const turn_;
};

class PoolTransaction final : public sql::StoreTransaction {
 public:
  PoolTransaction(catalog::ConnectionPool& pool, WriteTurn* turn, KnownTables& known, TenantScope scope)
      : turn_(turn),
        known_(known),
        connection_(pool.lease()),
        transaction_(*connection_,
                     turn == nullptr ? catalog::Transaction::Mode::Read : catalog::Transaction::Mode::Write),
        scope_(std::move(scope)) {}

  std::optional<MutableTableDefinition> find(const std::string& id) override {
    std::optional<MutableTableDefinition> table = catalog::MutableTableRepository::find(*connection_, id);
    if (!table || !scope_.sees(table->tenant_id)) return std::nullopt;
    if (connection_->backend() == catalog::Backend::Postgres) known_.note(*table);
    return table;
  }

  std::unique_ptr<sql::RowCursor> scan(const MutableTableDefinition& table, std::span<const size_t> columns,
                                       std::span<const sql::Condition> conditions) override {
    return with_backend([&] {
      auto cursor = std::make_unique<Cursor>(*connection_, select_sql(table, columns, conditions),
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

  std::unique_ptr<sql::RowCursor> replay(const MutableTableDefinition& table, int64_t after,
                                         std::optional<uint64_t> limit) {
    return with_backend([&] {
      std::vector<ColumnType> types;
      for (const MutableColumn& column : table.columns) types.push_back(column.type);
      auto cursor = std::make_unique<Cursor>(*connection_, replay_sql(table, limit), std::move(types));
      catalog::bind_scope(cursor->statement().bind(after), scope_);
      return cursor;
    });
  }

  std::unique_ptr<sql::RowWriter> insert(const MutableTableDefinition& table) override {
    std::vector<Parameter> parameters;
    for (const MutableColumn& column : table.columns) parameters.push_back(&column);
    auto by_statement = writer(table, insert_sql(table), std::move(parameters), Writer::Ending::Stamp);
    if (connection_->backend() == catalog::Backend::Sqlite) return by_statement;
    return std::make_unique<LoadingWriter>(*connection_, table, std::move(by_statement), scope_);
  }

  std::unique_ptr<sql::RowWriter> update(const MutableTableDefinition& table,
                                         std::span<const size_t> columns) override {
    std::vector<Parameter> parameters;
    for (size_t column : columns) parameters.push_back(&table.columns[column]);
    add_key(table, parameters);
    return writer(table, update_sql(table, columns), std::move(parameters), Writer::Ending::Test);
  }

  std::unique_ptr<sql::RowWriter> remove(const MutableTableDefinition& table) override {
    std::vector<Parameter> parameters;
    add_key(table, parameters);
    return writer(table, delete_sql(table), std::move(parameters), Writer::Ending::Test);
  }

  void commit() override {
    with_backend([&] { transaction_.commit(); });
  }

 private:
  static void add_key(const MutableTableDefinition& table, std::vector<Parameter>& parameters) {
    for (const std::string& column : table.primary_key) parameters.push_back(&column_named(table, column));
  }

  std::unique_ptr<sql::RowWriter> writer(const MutableTableDefinition& table, const std::string& sql,
                                         std::vector<Parameter> parameters, Writer::Ending ending) {
    return with_backend([&] {
      return std::make_unique<Writer>(*connection_, table, sql, std::move(parameters), ending, scope_);
    });
  }

  const HeldTurn turn_;
  KnownTables& known_;
  catalog::ConnectionPool::Lease connection_;
  catalog::Transaction transaction_;
  const TenantScope scope_;
};

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
  std::optional<Cursor> cursor_;
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
  ReplayReader(std::unique_ptr<PoolTransaction> transaction, MutableTableDefinition table, int64_t after,
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

  std::unique_ptr<PoolTransaction> transaction_;
  const MutableTableDefinition table_;
  sql::ArrowRows rows_;
  const uint64_t chunk_size_;
  std::unique_ptr<sql::RowCursor> cursor_;  // null at the end and after an error
};

}  // namespace

void KnownTables::note(const MutableTableDefinition& table) {
  std::lock_guard lock(mutex_);
  tables_.insert_or_assign(table.id, table);
}

std::optional<MutableTableDefinition> KnownTables::find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(id);
  if (found == tables_.end()) return std::nullopt;
  return found->second;
}

void WriteTurn::take() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, timeout_, [&] { return !is_taken_; })) {
    throw mutable_table_error(ErrorCode::Unavailable, "another transaction is still writing; try again");
  }
  is_taken_ = true;
}

void WriteTurn::give_back() noexcept {
  {
    std::lock_guard lock(mutex_);
    is_taken_ = false;
  }
  returned_.notify_one();
}

Store::Store(std::shared_ptr<catalog::Catalog> catalog, std::chrono::milliseconds turn_timeout)
    : catalog_(std::move(catalog)), turn_(turn_timeout) {}

std::unique_ptr<sql::StoreTransaction> Store::begin(Access access, const TenantScope& scope) {
  return with_backend([&] {
    return std::make_unique<PoolTransaction>(catalog_->pool(), access == Access::Write ? &turn_ : nullptr,
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
      [&] { return std::make_unique<PoolTransaction>(catalog_->pool(), nullptr, known_, scope); });
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
