#include "cli/listing.h"

#include <algorithm>

#include <arrow/array/builder_binary.h>
#include <arrow/table.h>

#include <jammi/database.h>

#include "cli/display_width.h"

namespace jammi::cli {
namespace {

std::vector<size_t> column_widths(const Listing& listing) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < listing.columns.size(); ++i) {
    size_t width = listing.columns[i].width;
    if (width == 0) {
      width = count_characters(listing.columns[i].title);
      for (const auto& row : listing.rows) width = std::max(width, count_characters(printable(row[i])));
    }
    widths.push_back(width);
  }
  return widths;
}

std::string format_line(const std::vector<std::string>& fields, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    std::string field = printable(fields[i]);
    line += field;
    if (i + 1 == fields.size()) break;
    size_t length = count_characters(field);
    line.append(widths[i] - std::min(length, widths[i]) + 1, ' ');
  }
  return line;
}

void print_text(const Listing& listing, std::ostream& out) {
  if (listing.rows.empty()) {
    out << listing.empty_message << '\n';
    return;
  }
  std::vector<size_t> widths = column_widths(listing);
  std::vector<std::string> titles;
  for (const ListingColumn& column : listing.columns) titles.push_back(column.title);

  std::vector<std::string> lines{format_line(titles, widths)};
  for (const auto& row : listing.rows) lines.push_back(format_line(row, widths));
  size_t rule_width = listing.rule_width;
  if (rule_width == 0) rule_width = count_characters(std::ranges::max(lines, {}, count_characters));

  out << lines.front() << '\n' << std::string(rule_width, '-') << '\n';
  for (size_t i = 1; i < lines.size(); ++i) out << lines[i] << '\n';
}

std::shared_ptr<arrow::Table> to_table(const Listing& listing) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < listing.columns.size(); ++i) {
    arrow::StringBuilder builder;
    for (const auto& row : listing.rows) throw_if_error(builder.Append(row[i]));
    throw_if_error(builder.Finish(&arrays.emplace_back()));
    fields.push_back(arrow::field(listing.columns[i].key, arrow::utf8(), false));
  }
  return arrow::Table::Make(arrow::schema(fields), arrays, static_cast<int64_t>(listing.rows.size()));
}

}  // namespace

void print_listing(const Listing& listing, OutputFormat format, std::ostream& out) {
  if (format == OutputFormat::Table) {
    print_text(listing, out);
  } else {
    print_rows(*to_table(listing), format, out);
  }
}

}  // namespace jammi::cli
