#pragma once

#include <cstddef>
#include <vector>

#include "image/image.h"
#include "image/loader.h"

namespace jammi::image {

/// Appends `width` pixels of any layout to `rgb` as 8-bit RGB, blended onto white where they are transparent.
/// `samples` need not be aligned.
void append_rgb(const PixelLayout& layout, const std::byte* samples, size_t width, std::vector<uint8_t>& rgb);

/// A picture stored in the way of an EXIF orientation, 1 to 8, as it is meant to be seen. Other numbers
/// mean 1.
Image upright(Image stored, int orientation);

}  // namespace jammi::image
