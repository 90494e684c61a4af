#include "io/checksum.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace jammi::io {
namespace {

uint64_t hash_of(std::string_view text) {
  return xxh64(std::as_bytes(std::span(text)));
}

TEST(Xxh64, matches_published_test_vectors) {
  EXPECT_EQ(hash_of(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(hash_of("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(hash_of("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(hash_of("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

TEST(Xxh64, every_single_bit_counts_whatever_the_length) {
  for (size_t length : {1, 4, 7, 8, 31, 32, 33, 100}) {
    const std::string original(length, 'x');
    for (size_t bit = 0; bit < length * 8; ++bit) {
      std::string flipped = original;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_NE(hash_of(flipped), hash_of(original)) << "length " << length << ", bit " << bit;
    }
  }
}

}  // namespace
}  // namespace jammi::io
