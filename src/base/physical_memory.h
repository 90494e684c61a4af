#pragma once

#include <cstdint>

namespace jammi::base {

/// Bytes of memory that the machine has.
uint64_t physical_memory_bytes() noexcept;

}  // namespace jammi::base
