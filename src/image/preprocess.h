#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "image/image.h"

namespace jammi::image {

/// `image`, which is not empty, in the middle of a white square (offsets rounded down), the square resized to
/// `size` x `size` with the Catmull-Rom filter, stretched over what an output pixel covers where the square
/// is larger. Values are rounded to 8 bits once, at the end. Memory does not depend on the shape of `image`.
Image resize_to_square(const Image& image, size_t size);

/// What a model was trained to see.
struct Preprocessing {
  size_t size = 224;  ///< pixels a side
  std::array<float, 3> mean{0.48145466f, 0.4578275f, 0.40821073f};
  std::array<float, 3> deviation{0.26862954f, 0.26130258f, 0.27577711f};

  size_t num_values() const { return 3 * size * size; }
};

/// Writes `image` as a model takes it in to `out` ([3, size, size]): resized to a square, then
/// (value / 255 - mean) / deviation of each channel.
void preprocess(const Image& image, const Preprocessing& preprocessing, std::span<float> out);

}  // namespace jammi::image
