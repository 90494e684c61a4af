#include <string>

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "cli/cell_text.h"
#include "cli/row_writer.h"

namespace jammi::cli {
namespace {

class JsonWriter : public RowWriter {
 public:
  explicit JsonWriter(std::ostream& out) : out_(out) {}

  void write(const arrow::RecordBatch& batch) override {
    std::string text;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      text += '{';
      for (int i = 0; i < batch.num_columns(); ++i) {
        if (i != 0) text += ',';
        append_json_string(batch.schema()->field(i)->name(), text);
        text += ':';
        append_value(*batch.column(i), row, Notation::Json, text);
      }
      text += "}\n";
    }
    out_ << text;
  }

  void finish() override {}

 private:
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<RowWriter> make_json_writer(std::ostream& out) {
  return std::make_unique<JsonWriter>(out);
}

}  // namespace jammi::cli
