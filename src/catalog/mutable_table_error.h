#pragma once

#include <string>
#include <utility>

#include <jammi/error.h>

/// The errors of mutable tables.
namespace jammi::catalog {

inline Error mutable_table_error(ErrorCode code, const std::string& message) {
  return Error(code, ErrorCategory::MutableTable, message);
}

/// Runs `call` and returns what it returns. What the catalog's database reports becomes the MutableTable
/// error "backend: ..." of the same code; other errors pass.
template <typename Call>
auto with_backend(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::Catalog) throw;
    throw mutable_table_error(error.code(), "backend: " + error.message());
  }
}

}  // namespace jammi::catalog
