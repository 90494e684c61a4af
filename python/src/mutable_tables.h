#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/nanobind.h>

#include <jammi/transaction.h>

#include "arrow_table.h"
#include "session_handle.h"

namespace jammi::python {

/// The name of an index, its columns, and whether it is unique.
using IndexSpecification = std::tuple<std::string, std::vector<std::string>, bool>;

/// A transaction as Python holds it, which keeps its session alive. Thread-safe.
class TransactionHandle {
 public:
  explicit TransactionHandle(const SessionHandle& handle);

  ArrowTable sql(const std::string& statements);
  void insert_batch(const std::string& table, const ArrowTable& rows);
  void commit();
  void rollback();

 private:
  std::shared_ptr<Session> session_;
  std::mutex mutex_;  // guards transaction_, which one thread may use at a time
  std::unique_ptr<Transaction> transaction_;
};

/// The verbs of a session for mutable tables; the Python half documents them. `schema` is a table of no rows.
std::string create_mutable_table(const SessionHandle& handle, const std::string& name,
                                 const ArrowTable& schema, const std::vector<std::string>& primary_key,
                                 const std::vector<IndexSpecification>& indexes,
                                 const std::optional<std::string>& order_column,
                                 const std::optional<uint64_t>& chunk_size);
void drop_mutable_table(const SessionHandle& handle, const std::string& name, bool if_exists);
nanobind::list list_mutable_tables(const SessionHandle& handle);
void insert_batch(const SessionHandle& handle, const std::string& table, const ArrowTable& rows);
ArrowTable scan_after(const SessionHandle& handle, const std::string& table, int64_t value,
                      const std::optional<uint64_t>& limit);

/// Binds `_jammi.Transaction`.
void bind_transaction(nanobind::module_& module);

}  // namespace jammi::python
