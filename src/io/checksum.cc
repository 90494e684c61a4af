#include "io/checksum.h"

#include <bit>
#include <cstring>

namespace jammi::io {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <typename Word>
uint64_t load_little_endian(const std::byte* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word;
}

uint64_t round(uint64_t lane, uint64_t word) noexcept {
  return std::rotl(lane + word * kPrime2, 31) * kPrime1;
}

uint64_t merge(uint64_t hash, uint64_t lane) noexcept {
  return (hash ^ round(0, lane)) * kPrime1 + kPrime4;
}

/// Consumes whole 32-byte stripes from the front of `bytes`.
uint64_t hash_stripes(std::span<const std::byte>& bytes) noexcept {
  uint64_t lane1 = kPrime1 + kPrime2, lane2 = kPrime2, lane3 = 0, lane4 = 0 - kPrime1;
  while (bytes.size() >= 32) {
    lane1 = round(lane1, load_little_endian<uint64_t>(bytes.data()));
    lane2 = round(lane2, load_little_endian<uint64_t>(bytes.data() + 8));
    lane3 = round(lane3, load_little_endian<uint64_t>(bytes.data() + 16));
    lane4 = round(lane4, load_little_endian<uint64_t>(bytes.data() + 24));
    bytes = bytes.subspan(32);
  }
  uint64_t hash = std::rotl(lane1, 1) + std::rotl(lane2, 7) + std::rotl(lane3, 12) + std::rotl(lane4, 18);
  for (uint64_t lane : {lane1, lane2, lane3, lane4}) hash = merge(hash, lane);
  return hash;
}

}  // namespace

uint64_t xxh64(std::span<const std::byte> bytes) noexcept {
  const uint64_t length = bytes.size();
  uint64_t hash = (length >= 32 ? hash_stripes(bytes) : kPrime5) + length;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    hash = std::rotl(hash ^ round(0, load_little_endian<uint64_t>(bytes.data())), 27) * kPrime1 + kPrime4;
  }
  if (bytes.size() >= 4) {
    hash = std::rotl(hash ^ (load_little_endian<uint32_t>(bytes.data()) * kPrime1), 23) * kPrime2 + kPrime3;
    bytes = bytes.subspan(4);
  }
  for (std::byte byte : bytes) {
    hash = std::rotl(hash ^ (std::to_integer<uint64_t>(byte) * kPrime5), 11) * kPrime1;
  }
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace jammi::io
