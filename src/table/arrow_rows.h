#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <jammi/mutable_table.h>

#include "sql/mutable_store.h"

namespace arrow {
class Array;
class ArrayBuilder;
class RecordBatch;
class Schema;
}  // namespace arrow

/// Rows of mutable tables as Arrow arrays.
namespace jammi::table {

/// Makes record batches of rows.
class ArrowRows {
 public:
  explicit ArrowRows(const std::vector<MutableColumn>& columns);
  ~ArrowRows();

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// Adds a cursor's current row, which has all columns.
  void append(const sql::RowCursor& row);

  /// A batch of the rows that were added since the last one.
  std::shared_ptr<arrow::RecordBatch> finish();

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
};

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
