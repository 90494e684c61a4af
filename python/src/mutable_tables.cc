#include "mutable_tables.h"

#include <utility>

#include <arrow/api.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <jammi/error.h>

#include "interruptible.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

std::shared_ptr<arrow::RecordBatch> to_batch(const ArrowTable& table) {
  const auto batch = table.table()->CombineChunksToBatch();
  throw_if_error(batch.status());
  return *batch;
}

}  // namespace

TransactionHandle::TransactionHandle(const SessionHandle& handle)
    : session_(handle.session()),
      transaction_(run_without_gil([&] { return session_->database().transaction(); })) {}

ArrowTable TransactionHandle::sql(const std::string& statements) {
  return ArrowTable(run_interruptibly([&](const std::stop_token& stop) {
    const std::lock_guard lock(mutex_);
    return transaction_->sql(statements, stop);
  }));
}

void TransactionHandle::insert_batch(const std::string& table, const ArrowTable& rows) {
  run_without_gil([&] {
    const std::lock_guard lock(mutex_);
    transaction_->insert_batch(table, *to_batch(rows));
  });
}

void TransactionHandle::commit() {
  run_without_gil([&] {
    const std::lock_guard lock(mutex_);
    transaction_->commit();
  });
}

void TransactionHandle::rollback() {
  run_without_gil([&] {
    const std::lock_guard lock(mutex_);
    transaction_->rollback();
  });
}

std::string create_mutable_table(const SessionHandle& handle, const std::string& name,
                                 const ArrowTable& schema, const std::vector<std::string>& primary_key,
                                 const std::vector<IndexSpecification>& indexes,
                                 const std::optional<std::string>& order_column,
                                 const std::optional<uint64_t>& chunk_size) {
  const std::shared_ptr<Session> session = handle.session();
  return run_without_gil([&] {
    MutableTableBuilder builder(name, columns_of(*schema.table()->schema()));
    builder.primary_key(primary_key);
    for (const auto& [index, columns, is_unique] : indexes) builder.index({index, columns, is_unique});
    if (order_column) builder.order_column(*order_column);
    if (chunk_size) builder.chunk_size(*chunk_size);
    return session->database().create_mutable_table(builder.build());
  });
}

void drop_mutable_table(const SessionHandle& handle, const std::string& name, bool if_exists) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] {
    try {
      session->database().drop_mutable_table(name);
    } catch (const Error& error) {
      if (!if_exists || error.code() != ErrorCode::NotFound) throw;
    }
  });
}

nb::list list_mutable_tables(const SessionHandle& handle) {
  const std::shared_ptr<Session> session = handle.session();
  const std::vector<MutableTableDefinition> tables =
      run_without_gil([&] { return session->database().list_mutable_tables(); });
  nb::list listed;
  for (const MutableTableDefinition& table : tables) {
    nb::list columns;
    for (const MutableColumn& column : table.columns) {
      columns.append(nb::make_tuple(column.name, to_string(column.type), column.is_nullable));
    }
    nb::list indexes;
    for (const MutableIndex& index : table.indexes) {
      nb::dict shown;
      shown["name"] = index.name;
      shown["columns"] = index.columns;
      shown["unique"] = index.is_unique;
      indexes.append(shown);
    }
    nb::dict shown;
    shown["name"] = table.id;
    shown["columns"] = columns;
    shown["primary_key"] = table.primary_key;
    shown["indexes"] = indexes;
    shown["order_column"] = table.order_column;
    listed.append(shown);
  }
  return listed;
}

void insert_batch(const SessionHandle& handle, const std::string& table, const ArrowTable& rows) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] { session->database().insert_batch(table, *to_batch(rows)); });
}

ArrowTable scan_after(const SessionHandle& handle, const std::string& table, int64_t value,
                      const std::optional<uint64_t>& limit) {
  const std::shared_ptr<Session> session = handle.session();
  return ArrowTable(run_interruptibly([&](const std::stop_token& stop) {
    return read_table(*session->database().scan_after(table, value, limit), stop);
  }));
}

void bind_transaction(nb::module_& module) {
  nb::class_<TransactionHandle>(module, "Transaction", "The engine behind a jammi_ai.Transaction.")
      .def(nb::init<const SessionHandle&>(), nb::arg("session"))
      .def("sql", &TransactionHandle::sql, nb::arg("statements"))
      .def("insert_batch", &TransactionHandle::insert_batch, nb::arg("table"), nb::arg("rows"))
      .def("commit", &TransactionHandle::commit)
      .def("rollback", &TransactionHandle::rollback);
}

}  // namespace jammi::python
