#pragma once

#include <string_view>

#include <jammi/error.h>

namespace jammi::catalog {

/// What the catalog's server at `address` reported under a SQLSTATE, as the error of ours that means the
/// same.
Error postgres_error(std::string_view sqlstate, std::string_view address, std::string_view message);

/// The server cannot be reached or has left.
Error postgres_unavailable(std::string_view address, std::string_view message);

}  // namespace jammi::catalog
