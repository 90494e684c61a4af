#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/connection.h"

/// Values as PostgreSQL reads them in text.
namespace jammi::catalog {

std::string postgres_number(double value);
std::string postgres_bytes(std::string_view bytes);

/// Appends a line of COPY's text format to `lines`. InvalidArgument for a text with a NUL byte.
void append_copy_line(std::string& lines, std::span<const Value> row, std::span<const LoadedColumn> columns);

/// Throws InvalidArgument for a text with a NUL byte, which PostgreSQL cannot hold.
void require_no_nul(std::string_view text);

}  // namespace jammi::catalog
