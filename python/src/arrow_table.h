#pragma once

#include <memory>
#include <stop_token>

#include <nanobind/nanobind.h>

namespace arrow {
class RecordBatchReader;
class Table;
}  // namespace arrow

namespace jammi::python {

/// An Arrow table on its way into or out of the engine: `_jammi.Table`. Its buffers are those of whoever made
/// them, in both directions; nothing is copied.
class ArrowTable {
 public:
  explicit ArrowTable(std::shared_ptr<arrow::Table> table) : table_(std::move(table)) {}

  /// Reads every batch of an object with `__arrow_c_stream__`. Throws a Python TypeError for any other
  /// object.
  static ArrowTable from_producer(const nanobind::object& producer);

  /// A capsule "arrow_array_stream" over the table's batches. May be called any number of times.
  nanobind::capsule to_stream() const;

  const std::shared_ptr<arrow::Table>& table() const { return table_; }

 private:
  std::shared_ptr<arrow::Table> table_;
};

/// All batches of `reader`, keeping its schema when there are none. Throws the error that the reader reports,
/// and Cancelled after a stop request. Needs no GIL.
std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader, std::stop_token stop);

void bind_arrow_table(nanobind::module_& module);

}  // namespace jammi::python
