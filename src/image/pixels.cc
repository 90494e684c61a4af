#include "image/pixels.h"

#include <array>
#include <cstring>
#include <utility>

namespace jammi::image {
namespace {

/// a * b / 255, rounded, of values up to 255.
uint8_t scale(unsigned a, unsigned b) {
  return static_cast<uint8_t>((a * b + 127) / 255);
}

uint8_t sample_at(const std::byte* samples, size_t i, bool is_16_bit) {
  if (!is_16_bit) return static_cast<uint8_t>(samples[i]);
  uint16_t sample;
  std::memcpy(&sample, samples + i * sizeof(sample), sizeof(sample));
  return static_cast<uint8_t>(sample >> 8);
}

std::array<uint8_t, 3> colour_of(PixelLayout::Colour colour, const uint8_t* pixel) {
  switch (colour) {
    case PixelLayout::Colour::Grey:
      return {pixel[0], pixel[0], pixel[0]};
    case PixelLayout::Colour::Rgb:
      return {pixel[0], pixel[1], pixel[2]};
    case PixelLayout::Colour::Cmyk: {
      const unsigned light = 255u - pixel[3];
      return {scale(255u - pixel[0], light), scale(255u - pixel[1], light), scale(255u - pixel[2], light)};
    }
  }
  return {};
}

}  // namespace

void append_rgb(const PixelLayout& layout, const std::byte* samples, size_t width,
                std::vector<uint8_t>& rgb) {
  const size_t num_samples = layout.num_samples();
  std::array<uint8_t, 5> pixel{};
  for (size_t x = 0; x < width; ++x) {
    for (size_t i = 0; i < num_samples; ++i) {
      pixel[i] = sample_at(samples, x * num_samples + i, layout.is_16_bit);
    }
    const unsigned opacity = layout.has_alpha ? pixel[num_samples - 1] : 255;
    for (uint8_t value : colour_of(layout.colour, pixel.data())) {
      rgb.push_back(static_cast<uint8_t>(255 - scale(255u - value, opacity)));
    }
  }
}

Image upright(Image stored, int orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  const bool swaps_axes = orientation >= 5;
  const bool reverses_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool reverses_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image shown{.width = swaps_axes ? stored.height : stored.width,
              .height = swaps_axes ? stored.width : stored.height,
              .rgb = {}};
  shown.rgb.resize(stored.rgb.size());
  uint8_t* target = shown.rgb.data();
  for (size_t row = 0; row < shown.height; ++row) {
    for (size_t column = 0; column < shown.width; ++column, target += 3) {
      size_t x = swaps_axes ? row : column;
      size_t y = swaps_axes ? column : row;
      if (reverses_x) x = stored.width - 1 - x;
      if (reverses_y) y = stored.height - 1 - y;
      std::memcpy(target, &stored.rgb[(y * stored.width + x) * 3], 3);
    }
  }
  return shown;
}

}  // namespace jammi::image
