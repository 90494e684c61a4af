#include "image/preprocess.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::image {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

Image flat(size_t width, size_t height, uint8_t value) {
  return {.width = width, .height = height, .rgb = std::vector<uint8_t>(width * height * 3, value)};
}

/// A grey picture of the given values in one row.
Image row_of(std::initializer_list<uint8_t> values) {
  Image image{.width = values.size(), .height = 1, .rgb = {}};
  for (uint8_t value : values) image.rgb.insert(image.rgb.end(), 3, value);
  return image;
}

/// The red values of one row of a square picture.
std::vector<int> reds(const Image& image, size_t row) {
  std::vector<int> values;
  for (size_t x = 0; x < image.width; ++x) values.push_back(image.rgb[(row * image.width + x) * 3]);
  return values;
}

TEST(ResizeToSquare, leaves_a_square_of_the_right_size_alone) {
  Image image{.width = 3, .height = 3, .rgb = {}};
  for (uint8_t i = 0; i < 27; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 9));
  EXPECT_EQ(resize_to_square(image, 3).rgb, image.rgb);
}

TEST(ResizeToSquare, keeps_a_flat_square_flat) {
  EXPECT_THAT(resize_to_square(flat(50, 50, 77), 7).rgb, Each(77));
  EXPECT_THAT(resize_to_square(flat(3, 3, 77), 20).rgb, Each(77));
  EXPECT_THAT(resize_to_square(flat(1, 1, 77), 5).rgb, Each(77));
}

TEST(ResizeToSquare, pads_with_white_below_the_middle_of_what_is_uneven) {
  const Image image = resize_to_square(row_of({0, 0, 0, 0}), 4);
  EXPECT_THAT(reds(image, 0), Each(255));
  EXPECT_THAT(reds(image, 1), Each(0));
  EXPECT_THAT(reds(image, 2), Each(255));
  EXPECT_THAT(reds(image, 3), Each(255));
}

TEST(ResizeToSquare, pads_at_the_sides_of_what_is_tall) {
  const Image image = resize_to_square(flat(2, 4, 0), 4);
  for (size_t row = 0; row < 4; ++row) EXPECT_THAT(reds(image, row), ElementsAre(255, 0, 0, 255));
}

TEST(ResizeToSquare, has_the_values_of_catmull_rom) {
  // Doubled, an output pixel lies a quarter of a pixel beside a source pixel. The filter is there, from the
  // nearest on: 0.8671875 (0.25 away), 0.2265625 (0.75), -0.0703125 (1.25), -0.0234375 (1.75).
  Image image = flat(8, 8, 100);
  for (size_t y = 0; y < 8; ++y) {
    for (size_t i = 0; i < 3; ++i) image.rgb[(y * 8 + 4) * 3 + i] = 200;
  }
  EXPECT_THAT(reds(resize_to_square(image, 16), 8),
              ElementsAre(100, 100, 100, 100, 100, 98, 93, 123, 187, 187, 123, 93, 98, 100, 100, 100));
}

TEST(ResizeToSquare, averages_over_what_a_pixel_covers) {
  // A fine checkerboard becomes an even grey instead of a moire.
  Image image = flat(64, 64, 0);
  for (size_t i = 0; i < 64 * 64; ++i) {
    if ((i / 64 + i) % 2 == 0) std::fill_n(&image.rgb[i * 3], 3, uint8_t{255});
  }
  EXPECT_THAT(resize_to_square(image, 8).rgb, Each(::testing::AnyOf(126, 127, 128, 129)));
}

TEST(ResizeToSquare, needs_no_memory_for_the_margin) {
  EXPECT_THAT(reds(resize_to_square(flat(65'535, 1, 0), 8), 0), Each(255));
}

TEST(Preprocess, scales_each_channel_and_puts_it_in_a_plane) {
  const Image image{.width = 2, .height = 2, .rgb = {255, 0, 51, 0, 255, 51, 0, 0, 51, 255, 255, 51}};
  const Preprocessing preprocessing{.size = 2, .mean = {0.5f, 0, 0.25f}, .deviation = {0.5f, 2, 0.1f}};
  std::vector<float> values(preprocessing.num_values());
  preprocess(image, preprocessing, values);
  const std::vector<float> expected = {1, -1, -1, 1, 0, 0.5f, 0, 0.5f, -0.5f, -0.5f, -0.5f, -0.5f};
  EXPECT_THAT(values, ::testing::Pointwise(::testing::FloatNear(1e-6f), expected));
}

}  // namespace
}  // namespace jammi::image
