#include "image/format.h"

#include <gtest/gtest.h>

#include "image/testing.h"

namespace jammi::image {
namespace {

TEST(Format, is_recognised_by_the_first_bytes) {
  EXPECT_EQ(format_of(testing::fixture("colour.png")), Format::Png);
  EXPECT_EQ(format_of(testing::fixture("colour.jpg")), Format::Jpeg);
  EXPECT_EQ(format_of(testing::fixture("colour.tif")), Format::Tiff);
  EXPECT_EQ(format_of(testing::fixture("colour.webp")), Format::Webp);
}

TEST(Format, of_another_file_is_none) {
  EXPECT_EQ(format_of(testing::fixture("picture.gif")), std::nullopt);
  EXPECT_EQ(format_of({}), std::nullopt);
  EXPECT_EQ(format_of(std::as_bytes(std::span("RIFF....WAVE"))), std::nullopt);
  EXPECT_EQ(format_of(std::as_bytes(std::span("<svg xmlns='x'/>"))), std::nullopt);
}

TEST(Format, needs_the_whole_signature) {
  const std::vector<std::byte> png = testing::fixture("colour.png");
  EXPECT_EQ(format_of(std::span(png).first(8)), Format::Png);
  EXPECT_EQ(format_of(std::span(png).first(7)), std::nullopt);
}

TEST(Format, has_a_name) {
  EXPECT_EQ(to_string(Format::Png), "PNG");
  EXPECT_EQ(to_string(Format::Jpeg), "JPEG");
  EXPECT_EQ(to_string(Format::Tiff), "TIFF");
  EXPECT_EQ(to_string(Format::Webp), "WebP");
}

}  // namespace
}  // namespace jammi::image
