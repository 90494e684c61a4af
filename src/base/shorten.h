#pragma once

#include <cstddef>
#include <string>

namespace jammi::base {

/// `text`, or its beginning and end with the number of bytes left out between them when it is longer than
/// about `max_bytes`. UTF-8 characters stay whole.
std::string shortened(std::string text, size_t max_bytes);

}  // namespace jammi::base
