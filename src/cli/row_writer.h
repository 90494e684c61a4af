#pragma once

#include <memory>
#include <ostream>

namespace arrow {
class RecordBatch;
class RecordBatchReader;
class Schema;
class Table;
}  // namespace arrow

namespace jammi::cli {

/// How rows are printed: box tables, one JSON object a line, or CSV (RFC 4180) with a header line.
enum class OutputFormat { Table, Json, Csv };

/// Prints rows as they come; memory is bounded by one batch.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void write(const arrow::RecordBatch& batch) = 0;

  /// To be called once after the last batch.
  virtual void finish() = 0;
};

/// Box tables have one box per batch, as wide as its values need; "(0 rows)" when no batch has rows.
std::unique_ptr<RowWriter> make_box_writer(std::ostream& out);
std::unique_ptr<RowWriter> make_json_writer(std::ostream& out);
std::unique_ptr<RowWriter> make_csv_writer(const arrow::Schema& schema, std::ostream& out);

/// Prints everything the reader gives. Throws what the reader throws or reports.
void print_rows(arrow::RecordBatchReader& rows, OutputFormat format, std::ostream& out);

/// Prints a table as one batch.
void print_rows(const arrow::Table& rows, OutputFormat format, std::ostream& out);

}  // namespace jammi::cli
