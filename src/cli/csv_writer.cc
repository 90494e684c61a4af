#include <string>
#include <string_view>

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "cli/cell_text.h"
#include "cli/row_writer.h"

namespace jammi::cli {
namespace {

void append_field(std::string_view text, std::string& out) {
  // An empty text is quoted to tell it from a NULL.
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvWriter : public RowWriter {
 public:
  CsvWriter(const arrow::Schema& schema, std::ostream& out) : out_(out) {
    std::string header;
    for (const auto& field : schema.fields()) {
      if (!header.empty()) header += ',';
      append_field(field->name(), header);
    }
    out_ << header << '\n';
  }

  void write(const arrow::RecordBatch& batch) override {
    std::string text;
    std::string value;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      for (int i = 0; i < batch.num_columns(); ++i) {
        if (i != 0) text += ',';
        const arrow::Array& column = *batch.column(i);
        if (column.IsNull(row)) continue;
        value.clear();
        append_value(column, row, arrow::is_nested(column.type_id()) ? Notation::Json : Notation::Plain,
                     value);
        append_field(value, text);
      }
      text += '\n';
    }
    out_ << text;
  }

  void finish() override {}

 private:
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<RowWriter> make_csv_writer(const arrow::Schema& schema, std::ostream& out) {
  return std::make_unique<CsvWriter>(schema, out);
}

}  // namespace jammi::cli
