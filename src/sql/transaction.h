#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace arrow {
class Table;
}
namespace duckdb {
class Connection;
class SQLStatement;
}  // namespace duckdb

namespace jammi::sql {

class MutableStore;
class StoreTransaction;

/// Statements over mutable tables that see each other's changes and land together. Used by one thread at a
/// time. Rolls back when destroyed without `commit`; a call that fails does so at once, after which all
/// others throw Conflict.
class Transaction {
 public:
  /// Starts one on `connection`; `store` must outlive it.
  Transaction(std::unique_ptr<duckdb::Connection> connection, MutableStore& store, uint64_t batch_rows);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Runs one statement that reads, or some that change mutable tables: see Engine::query for what comes
  /// back.
  std::shared_ptr<arrow::Table> run(const std::string& statements, std::stop_token stop = {});

  /// Runs `change` over the store's side of this transaction.
  void change(const std::function<void(StoreTransaction&)>& change);

  void commit();
  void rollback() noexcept;

 private:
  template <typename Call>
  auto attempt(Call&& call) -> decltype(call());

  std::shared_ptr<duckdb::Connection> connection_;  // null once over
  MutableStore& store_;
  const uint64_t batch_rows_;
};

}  // namespace jammi::sql
