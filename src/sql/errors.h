#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include <duckdb/common/error_data.hpp>
#include <duckdb/common/exception.hpp>

#include <jammi/error.h>

/// The one translation between DuckDB's errors and the engine's. Only .cc files of this folder include it.
namespace jammi::sql {

/// The jammi::Error for what DuckDB reported: category Sql, one line of text without DuckDB's internals. An
/// error that entered DuckDB through `to_duckdb` comes back unchanged.
Error to_error(const duckdb::ErrorData& error);

/// An exception that carries `error` through DuckDB's frames.
duckdb::Exception to_duckdb(const Error& error);

/// `error` as one of category Sql: "<function>: <what it says>".
Error function_error(std::string_view function, const Error& error);

/// Runs `call`, turning what DuckDB throws into jammi::Error.
template <typename Call>
auto translated(Call&& call) -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& thrown) {
    throw to_error(duckdb::ErrorData(thrown));
  }
}

/// Runs `call` inside a callback that DuckDB made, so that a jammi::Error reaches the caller of the query.
template <typename Call>
auto inside_duckdb(Call&& call) -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const Error& error) {
    throw to_duckdb(error);
  }
}

/// The same for a callback of the function `name`, which is put in front of the error's text.
template <typename Call>
auto inside_function(std::string_view name, Call&& call) -> decltype(call()) {
  return inside_duckdb([&] {
    try {
      return std::forward<Call>(call)();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled) throw;
      throw function_error(name, error);
    }
  });
}

}  // namespace jammi::sql
