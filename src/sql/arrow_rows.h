#pragma once

#include <memory>
#include <vector>

#include <jammi/mutable_table.h>

#include "sql/mutable_store.h"

namespace arrow {
class ArrayBuilder;
class DataType;
class RecordBatch;
class Schema;
}  // namespace arrow

/// Rows of mutable tables as Arrow arrays.
namespace jammi::sql {

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type);

/// Makes record batches of rows.
class ArrowRows {
 public:
  explicit ArrowRows(const std::vector<MutableColumn>& columns);
  ~ArrowRows();

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// Adds a cursor's current row, which has all columns.
  void append(const RowCursor& row);

  /// A batch of the rows that were added since the last one.
  std::shared_ptr<arrow::RecordBatch> finish();

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
};

}  // namespace jammi::sql
