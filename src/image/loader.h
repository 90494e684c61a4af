#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/format.h"

namespace jammi::image {

/// What the samples of a pixel mean, in the order in which they stand: colour, then alpha.
struct PixelLayout {
  enum class Colour : uint8_t { Grey, Rgb, Cmyk };  ///< in Cmyk the greatest value is the most ink

  Colour colour = Colour::Rgb;
  bool has_alpha = false;
  bool is_16_bit = false;  ///< samples are uint16_t instead of uint8_t

  size_t num_samples() const {
    const size_t num_colours = colour == Colour::Grey ? 1 : colour == Colour::Rgb ? 3 : 4;
    return num_colours + (has_alpha ? 1 : 0);
  }
};

/// What a file says of its picture before it is decoded.
struct Header {
  uint64_t width = 0;
  uint64_t height = 0;
  PixelLayout layout;
  int orientation = 1;  ///< of EXIF: 1 (upright) to 8
};

/// Takes a picture in from a loader.
class PixelSink {
 public:
  virtual ~PixelSink() = default;

  /// Called once, before anything is decoded. What it throws ends the loading.
  virtual void begin(const Header& header) = 0;

  /// Called for each row from top to bottom; `samples` holds width * num_samples of them and need not be
  /// aligned.
  virtual void add_row(const std::byte* samples) = 0;
};

/// Loads a file of a known format through libvips, itself loaded by the first call. Throws what `sink` throws
/// and what `decode` throws of corrupt files and unsupported samples.
void load(std::span<const std::byte> file, Format format, PixelSink& sink);

}  // namespace jammi::image

/// The one entry of the plugin libjammi_vips.so, which is loaded on first use: libvips stands on a hundred
/// libraries, which a process that decodes no image does not pay for.
extern "C" __attribute__((visibility("default"))) void jammi_load_image(std::span<const std::byte> file,
                                                                        jammi::image::Format format,
                                                                        jammi::image::PixelSink& sink);
