#include "cli/row_writer.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <jammi/database.h>

namespace jammi::cli {
namespace {

std::unique_ptr<RowWriter> make_row_writer(OutputFormat format, const arrow::Schema& schema,
                                           std::ostream& out) {
  switch (format) {
    case OutputFormat::Table:
      break;
    case OutputFormat::Json:
      return make_json_writer(out);
    case OutputFormat::Csv:
      return make_csv_writer(schema, out);
  }
  return make_box_writer(out);
}

}  // namespace

void print_rows(arrow::RecordBatchReader& rows, OutputFormat format, std::ostream& out) {
  std::unique_ptr<RowWriter> writer = make_row_writer(format, *rows.schema(), out);
  for (std::shared_ptr<arrow::RecordBatch> batch;;) {
    throw_if_error(rows.ReadNext(&batch));
    // A closed pipe or a full disk: `main` reports it; reading on would be wasted work.
    if (batch == nullptr || !out) break;
    writer->write(*batch);
  }
  writer->finish();
}

void print_rows(const arrow::Table& rows, OutputFormat format, std::ostream& out) {
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> batch = rows.CombineChunksToBatch();
  throw_if_error(batch.status());
  std::unique_ptr<RowWriter> writer = make_row_writer(format, *rows.schema(), out);
  writer->write(**batch);
  writer->finish();
}

}  // namespace jammi::cli
