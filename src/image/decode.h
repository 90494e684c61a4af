#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "image/image.h"

namespace jammi::image {

/// What an image may at most announce in its header; more is refused before anything is decoded, because a
/// small file can hold a picture that fills the memory. The defaults admit any camera's photograph.
struct Limits {
  uint64_t pixels = 100'000'000;
  uint64_t side = 65'535;  ///< pixels of width or height
};

/// Decodes the bytes of a PNG, JPEG, TIFF or WebP file, recognised by its first bytes: the first frame or
/// page, turned upright as its orientation tag says, palettes resolved, grey and CMYK as RGB, the upper 8 of
/// 16 bits, transparent pixels blended onto white. Needs memory for twice the picture at most. Thread-safe.
///
/// Throws Inference errors: InvalidArgument for bytes that are no such file, DataCorruption for a file that
/// is corrupt or cut short, ResourceExhausted for one beyond the limits, Unsupported for samples that are
/// neither 8 nor 16 bits or colours other than grey, RGB and CMYK, or when libvips is missing.
Image decode(std::span<const std::byte> file, const Limits& limits = {});

/// Decodes the file at `path`, read into memory. Throws Io errors that name it when it cannot be read, is no
/// regular file or has more than 512 MiB, and what `decode` throws.
Image decode_file(const std::string& path, const Limits& limits = {});

}  // namespace jammi::image
