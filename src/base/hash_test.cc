#include "base/hash.h"

#include <regex>

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

TEST(Sha256, matches_the_published_test_vectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, pieces_hash_as_their_concatenation) {
  Sha256 hash;
  hash.update("ab");
  hash.update("c");
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
}

TEST(RandomUuid, has_the_version_and_variant_of_rfc_9562) {
  std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EXPECT_TRUE(std::regex_match(random_uuid(), shape));
  EXPECT_NE(random_uuid(), random_uuid());
}

}  // namespace
}  // namespace jammi::base
