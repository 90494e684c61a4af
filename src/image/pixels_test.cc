#include "image/pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::image {
namespace {

using ::testing::ElementsAre;
using Colour = PixelLayout::Colour;

template <typename Sample>
std::vector<uint8_t> rgb_of(const PixelLayout& layout, const std::vector<Sample>& samples) {
  std::vector<uint8_t> rgb;
  append_rgb(layout, std::as_bytes(std::span(samples)).data(), samples.size() / layout.num_samples(), rgb);
  return rgb;
}

TEST(Pixels, grey_is_all_three_colours) {
  EXPECT_THAT(rgb_of<uint8_t>({.colour = Colour::Grey}, {7, 200}), ElementsAre(7, 7, 7, 200, 200, 200));
}

TEST(Pixels, sixteen_bits_keep_the_upper_eight) {
  EXPECT_THAT(rgb_of<uint16_t>({.colour = Colour::Rgb, .is_16_bit = true}, {0x01ff, 0xff00, 0x8040}),
              ElementsAre(0x01, 0xff, 0x80));
}

TEST(Pixels, ink_takes_light_away) {
  EXPECT_THAT(
      rgb_of<uint8_t>({.colour = Colour::Cmyk}, {0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 51, 0, 204}),
      ElementsAre(255, 255, 255, 0, 255, 255, 0, 0, 0, 51, 41, 51));
}

TEST(Pixels, transparency_shows_white) {
  const PixelLayout layout{.colour = Colour::Rgb, .has_alpha = true};
  EXPECT_THAT(rgb_of<uint8_t>(layout, {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51}),
              ElementsAre(10, 20, 30, 255, 255, 255, 204, 224, 255));
}

TEST(Pixels, rows_need_not_be_aligned) {
  const std::vector<uint8_t> bytes{99, 0x34, 0x12};
  std::vector<uint8_t> rgb;
  append_rgb({.colour = Colour::Grey, .is_16_bit = true}, std::as_bytes(std::span(bytes)).data() + 1, 1, rgb);
  EXPECT_THAT(rgb, ElementsAre(0x12, 0x12, 0x12));
}

/// A picture of 3 x 2 pixels whose red values number them.
Image numbered() {
  Image image{.width = 3, .height = 2, .rgb = {}};
  for (uint8_t i = 0; i < 6; ++i) image.rgb.insert(image.rgb.end(), {i, 100, 200});
  return image;
}

std::vector<int> numbers(const Image& image) {
  std::vector<int> reds;
  for (size_t i = 0; i < image.rgb.size(); i += 3) reds.push_back(image.rgb[i]);
  return reds;
}

TEST(Pixels, eight_orientations_are_turned_upright) {
  EXPECT_THAT(numbers(upright(numbered(), 1)), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(numbers(upright(numbered(), 2)), ElementsAre(2, 1, 0, 5, 4, 3));
  EXPECT_THAT(numbers(upright(numbered(), 3)), ElementsAre(5, 4, 3, 2, 1, 0));
  EXPECT_THAT(numbers(upright(numbered(), 4)), ElementsAre(3, 4, 5, 0, 1, 2));
  EXPECT_THAT(numbers(upright(numbered(), 5)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(numbers(upright(numbered(), 6)), ElementsAre(3, 0, 4, 1, 5, 2));
  EXPECT_THAT(numbers(upright(numbered(), 7)), ElementsAre(5, 2, 4, 1, 3, 0));
  EXPECT_THAT(numbers(upright(numbered(), 8)), ElementsAre(2, 5, 1, 4, 0, 3));
}

TEST(Pixels, turning_by_a_quarter_swaps_width_and_height) {
  const Image image = upright(numbered(), 6);
  EXPECT_EQ(image.width, 2u);
  EXPECT_EQ(image.height, 3u);
}

TEST(Pixels, an_orientation_that_does_not_exist_is_upright) {
  EXPECT_THAT(numbers(upright(numbered(), 0)), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(numbers(upright(numbered(), 9)), ElementsAre(0, 1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace jammi::image
