#include "image/decode.h"

#include <array>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing.h"
#include "image/testing.h"

namespace jammi::image {
namespace {

using testing::fixture;
using Colour = std::array<int, 3>;

/// The colours of the four quarters of the fixtures' picture, read in their middles.
std::array<Colour, 4> quarters(const Image& image) {
  std::array<Colour, 4> colours{};
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    const size_t x = image.width * (quarter % 2 * 2 + 1) / 4;
    const size_t y = image.height * (quarter / 2 * 2 + 1) / 4;
    for (size_t i = 0; i < 3; ++i) colours[quarter][i] = image.rgb[(y * image.width + x) * 3 + i];
  }
  return colours;
}

constexpr std::array<Colour, 4> kColours{{{220, 40, 40}, {40, 200, 60}, {40, 60, 210}, {230, 220, 40}}};
constexpr std::array<Colour, 4> kGreys{{{10, 10, 10}, {90, 90, 90}, {170, 170, 170}, {250, 250, 250}}};
constexpr std::array<Colour, 4> kOneBit{{{0, 0, 0}, {255, 255, 255}, {255, 255, 255}, {0, 0, 0}}};
constexpr std::array<Colour, 4> kInks{{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {127, 127, 127}}};
/// kColours of opacity 255, 128, 0 and 64 on white.
constexpr std::array<Colour, 4> kBlended{{{220, 40, 40}, {147, 227, 157}, {255, 255, 255}, {249, 246, 201}}};

struct Case {
  std::string file;
  std::array<Colour, 4> colours;
  int tolerance = 0;  ///< of lossy files

  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.file; }
};

class DecodeFormats : public ::testing::TestWithParam<Case> {};

TEST_P(DecodeFormats, show_the_same_picture) {
  const Image image = decode(fixture(GetParam().file));
  ASSERT_EQ(image.width, 24u);
  ASSERT_EQ(image.height, 16u);
  ASSERT_EQ(image.rgb.size(), 24u * 16 * 3);
  const std::array<Colour, 4> found = quarters(image);
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(found[quarter][i], GetParam().colours[quarter][i], GetParam().tolerance)
          << "channel " << i << " of quarter " << quarter;
    }
  }
}

constexpr int kJpegTolerance = 4;

std::string name_of(const ::testing::TestParamInfo<Case>& test) {
  std::string name = test.param.file;
  name[name.find('.')] = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, DecodeFormats,
    ::testing::Values(Case{"colour.png", kColours}, Case{"palette.png", kColours}, Case{"grey.png", kGreys},
                      Case{"one_bit.png", kOneBit}, Case{"colour_16.png", kColours},
                      Case{"grey_16.png", kGreys}, Case{"alpha.png", kBlended, 1},
                      Case{"interlaced.png", kColours}, Case{"colour.jpg", kColours, kJpegTolerance},
                      Case{"progressive.jpg", kColours, kJpegTolerance},
                      Case{"grey.jpg", kGreys, kJpegTolerance}, Case{"inks.jpg", kInks, kJpegTolerance},
                      Case{"colour.tif", kColours}, Case{"lzw.tif", kColours}, Case{"palette.tif", kColours},
                      Case{"inks.tif", kInks}, Case{"grey_16.tif", kGreys}, Case{"one_bit.tif", kOneBit},
                      Case{"alpha.tif", kBlended, 1}, Case{"two_pages.tif", kColours},
                      Case{"colour.webp", kColours}, Case{"alpha.webp", kBlended, 1},
                      Case{"animated.webp", kColours}),
    name_of);

INSTANTIATE_TEST_SUITE_P(Orientations, DecodeFormats,
                         ::testing::Values(Case{"oriented_2.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_3.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_4.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_5.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_6.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_7.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_8.jpg", kColours, kJpegTolerance},
                                           Case{"oriented_6.png", kColours}, Case{"oriented_7.tif", kColours},
                                           Case{"oriented_8.webp", kColours}),
                         name_of);

TEST(Decode, refuses_what_is_no_image) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "image is empty: 0 bytes", decode({}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not a PNG, JPEG, TIFF or WebP image: 5 bytes",
               decode(std::as_bytes(std::span("text"))));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not a PNG, JPEG, TIFF or WebP image",
               decode(fixture("picture.gif")));
}

TEST(Decode, names_the_format_of_a_file_cut_short) {
  for (const char* name : {"colour.png", "colour.jpg", "colour.tif", "colour.webp", "progressive.jpg"}) {
    SCOPED_TRACE(name);
    std::vector<std::byte> file = fixture(name);
    file.resize(file.size() * 2 / 3);
    EXPECT_ERROR(ErrorCode::DataCorruption, "image is corrupt or cut short: ", decode(file));
    file.resize(12);
    EXPECT_ERROR(ErrorCode::DataCorruption, "image is corrupt or cut short: ", decode(file));
  }
}

TEST(Decode, finds_a_flipped_bit_in_a_checksummed_file) {
  std::vector<std::byte> file = fixture("colour.png");
  file[file.size() / 2] ^= std::byte{1};
  EXPECT_ERROR(ErrorCode::DataCorruption, "image is corrupt or cut short: PNG", decode(file));
}

TEST(Decode, refuses_samples_that_are_no_shades) {
  EXPECT_ERROR(ErrorCode::Unsupported, "image has samples or colours that are not supported: TIFF",
               decode(fixture("float.tif")));
}

TEST(Decode, refuses_large_pictures_by_their_header) {
  EXPECT_ERROR(ErrorCode::ResourceExhausted,
               "image is larger than 100000000 pixels or 65535 a side: 60000 x 50000",
               decode(testing::png_header(60'000, 50'000)));
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "100000 x 1", decode(testing::png_header(100'000, 1)));
  EXPECT_ERROR(ErrorCode::ResourceExhausted, "image is larger than 383 pixels or 65535 a side: 24 x 16",
               decode(fixture("colour.jpg"), {.pixels = 24 * 16 - 1}));
  EXPECT_EQ(decode(fixture("colour.jpg"), {.pixels = 24 * 16}).width, 24u);
}

TEST(Decode, reads_files) {
  EXPECT_EQ(quarters(decode_file(testing::fixture_path("colour.png"))), kColours);
  EXPECT_ERROR(ErrorCode::NotFound, "cannot open file: /no/such.png", decode_file("/no/such.png"));
}

TEST(Decode, does_not_wait_for_what_is_no_regular_file) {
  const jammi::testing::TemporaryDirectory directory;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not a file: ", decode_file(directory.path()));
  const std::string pipe = directory.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not a file: " + pipe, decode_file(pipe));
}

TEST(Decode, writes_nothing_to_the_terminal) {
  std::vector<std::byte> file = fixture("oriented_6.jpg");
  file.resize(file.size() - 40);
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  EXPECT_ERROR(ErrorCode::DataCorruption, "JPEG", decode(file));
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Decode, serves_threads_at_once) {
  std::vector<std::byte> broken = fixture("colour.jpg");
  broken.resize(broken.size() / 2);
  std::array<int, 4> num_right{};
  {
    std::vector<std::jthread> threads;
    for (int& count : num_right) {
      threads.emplace_back([&] {
        for (int i = 0; i < 25; ++i) {
          if (quarters(decode(fixture("colour.png"))) == kColours) ++count;
          EXPECT_ERROR(ErrorCode::DataCorruption, "corrupt or cut short: JPEG", decode(broken));
        }
      });
    }
  }
  EXPECT_THAT(num_right, ::testing::Each(25));
}

}  // namespace
}  // namespace jammi::image
