#pragma once

#include <memory>
#include <stop_token>
#include <string>

namespace arrow {
class RecordBatch;
class Table;
}  // namespace arrow

namespace jammi {

class Database;

/// Changes of mutable tables that see each other and land together, made by `Database::transaction`. Used by
/// one thread at a time; must not outlive its Database. Rolls back when destroyed without `commit`. A call
/// that fails rolls back at once; after that, and after `commit` or `rollback`, all calls throw Conflict.
///
/// No other transaction writes while one has begun to read or write; keep it short.
class Transaction {
 public:
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Runs what `Database::sql` takes: the rows of a SELECT or a RETURNING, or the `count` of each change.
  std::shared_ptr<arrow::Table> sql(const std::string& statements, std::stop_token stop = {});

  /// As `Database::insert_batch`.
  void insert_batch(const std::string& table, const arrow::RecordBatch& batch);

  void commit();
  void rollback() noexcept;

 private:
  friend class Database;
  struct State;
  explicit Transaction(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi
