#pragma once

#include <vector>

#include <duckdb.hpp>

#include <jammi/mutable_table.h>

#include "sql/mutable_store.h"

/// Values of mutable tables in DuckDB's vectors. Only .cc files of this folder include it.
namespace jammi::sql {

duckdb::LogicalType logical_type(ColumnType type);

/// `value`, which is of a `logical_type`, as the store takes it.
OwnedCell to_cell(const duckdb::Value& value);

/// Writes `cell` to a row of a flat vector of a `logical_type`.
void put_cell(const Cell& cell, duckdb::Vector& vector, size_t row);

/// Reads the rows of a chunk of `logical_type`s, which must outlive it.
class ChunkRows {
 public:
  /// `columns` are positions in `chunk`, which is flattened.
  ChunkRows(duckdb::DataChunk& chunk, const std::vector<size_t>& columns);

  size_t num_rows() const { return num_rows_; }

  /// The cells of a row; valid until the next call.
  std::span<const Cell> row(size_t position);

 private:
  size_t num_rows_;
  std::vector<const duckdb::Vector*> vectors_;
  std::vector<Cell> cells_;
};

}  // namespace jammi::sql
