#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "cli/row_writer.h"

namespace jammi::cli {

/// A column of a listing: its title in the text layout, its name in JSON and CSV, and the characters that
/// fields are padded to (0: as wide as the widest field). Longer fields are never cut.
struct ListingColumn {
  std::string title;
  std::string key;
  size_t width = 0;
};

/// A short list of catalog records, all fields text.
struct Listing {
  std::vector<ListingColumn> columns;
  std::vector<std::vector<std::string>> rows;
  size_t rule_width = 0;      ///< hyphens under the titles; 0: as wide as the widest line
  std::string empty_message;  ///< what the text layout says when there are no rows
};

/// Prints titles, a rule and one line per row, the last column unpadded; or JSON lines or CSV of the same.
void print_listing(const Listing& listing, OutputFormat format, std::ostream& out);

}  // namespace jammi::cli
