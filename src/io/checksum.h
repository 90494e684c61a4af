#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace jammi::io {

/// XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): finds accidental damage at memory
/// speed. Not for untrusted input.
uint64_t xxh64(std::span<const std::byte> bytes) noexcept;

}  // namespace jammi::io
