#include <algorithm>
#include <string>
#include <vector>

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "cli/cell_text.h"
#include "cli/display_width.h"
#include "cli/row_writer.h"

namespace jammi::cli {
namespace {

/// The lines of one cell.
using Cell = std::vector<std::string>;

Cell make_cell(std::string_view text) {
  Cell lines;
  std::string safe = printable(text);
  std::string_view rest = safe;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  lines.emplace_back(rest);
  return lines;
}

struct BoxColumn {
  Cell title;
  std::vector<Cell> cells;
  size_t width = 0;
};

void widen(BoxColumn& column, const Cell& cell) {
  for (const std::string& line : cell) column.width = std::max(column.width, display_width(line));
}

BoxColumn make_column(const std::string& title, const arrow::Array& values) {
  BoxColumn column{.title = make_cell(title), .cells = {}};
  widen(column, column.title);
  column.cells.reserve(static_cast<size_t>(values.length()));
  std::string text;
  for (int64_t row = 0; row < values.length(); ++row) {
    text.clear();
    append_value(values, row, Notation::Plain, text);
    widen(column, column.cells.emplace_back(make_cell(text)));
  }
  return column;
}

void append_rule(const std::vector<BoxColumn>& columns, std::string& out) {
  for (const BoxColumn& column : columns) out.append("+").append(column.width + 2, '-');
  out += "+\n";
}

/// One row of the box: as many lines as its tallest cell. `cell_of` picks the row's cell of a column.
template <typename CellOf>
void append_row(const std::vector<BoxColumn>& columns, CellOf cell_of, std::string& out) {
  size_t height = 0;
  for (const BoxColumn& column : columns) height = std::max(height, cell_of(column).size());
  for (size_t i = 0; i < height; ++i) {
    for (const BoxColumn& column : columns) {
      const Cell& cell = cell_of(column);
      std::string_view line = i < cell.size() ? std::string_view(cell[i]) : "";
      out.append("| ").append(line).append(column.width - display_width(line) + 1, ' ');
    }
    out += "|\n";
  }
}

class BoxWriter : public RowWriter {
 public:
  explicit BoxWriter(std::ostream& out) : out_(out) {}

  void write(const arrow::RecordBatch& batch) override {
    if (batch.num_rows() == 0) return;
    has_rows_ = true;
    std::vector<BoxColumn> columns;
    for (int i = 0; i < batch.num_columns(); ++i) {
      columns.push_back(make_column(batch.schema()->field(i)->name(), *batch.column(i)));
    }
    std::string text;
    append_rule(columns, text);
    append_row(columns, [](const BoxColumn& column) -> const Cell& { return column.title; }, text);
    append_rule(columns, text);
    for (size_t row = 0; row < static_cast<size_t>(batch.num_rows()); ++row) {
      append_row(columns, [row](const BoxColumn& column) -> const Cell& { return column.cells[row]; }, text);
    }
    append_rule(columns, text);
    out_ << text;
  }

  void finish() override {
    if (!has_rows_) out_ << "(0 rows)\n";
  }

 private:
  std::ostream& out_;
  bool has_rows_ = false;
};

}  // namespace

std::unique_ptr<RowWriter> make_box_writer(std::ostream& out) {
  return std::make_unique<BoxWriter>(out);
}

}  // namespace jammi::cli
