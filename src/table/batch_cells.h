#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <jammi/mutable_table.h>

#include "sql/mutable_store.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace jammi::table {

/// Reads the rows of a record batch, which must outlive it.
class BatchCells {
 public:
  /// Throws InvalidArgument unless the batch has the table's columns by name, type and order.
  BatchCells(const MutableTableDefinition& table, const arrow::RecordBatch& batch);

  /// Writes a row's cells to `cells`, one for each column; bytes are borrowed from the batch.
  void read(int64_t row, std::vector<sql::Cell>& cells) const;

 private:
  std::vector<std::shared_ptr<arrow::Array>> columns_;
};

}  // namespace jammi::table
