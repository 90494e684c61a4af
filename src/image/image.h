#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace jammi::image {

/// An upright picture without transparency.
struct Image {
  size_t width = 0;
  size_t height = 0;
  std::vector<uint8_t> rgb;  ///< [height, width, 3], rows from top to bottom
};

}  // namespace jammi::image
