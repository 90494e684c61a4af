#pragma once

#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include <jammi/error.h>

/// jammi::Error through Arrow's interfaces, which report failure as a value.
namespace jammi::sql {

/// A status that carries `error`; its text is `error.what()`.
arrow::Status to_status(const Error& error);

/// Throws the jammi::Error that `status` carries, or one of category Sql for Arrow's own failures; returns
/// when it is OK.
void throw_if_error(const arrow::Status& status);

/// The value, or the error thrown as by `throw_if_error`.
template <typename T>
T value_or_throw(arrow::Result<T> result) {
  throw_if_error(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace jammi::sql
