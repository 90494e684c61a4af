#include "base/physical_memory.h"

#include <unistd.h>

namespace jammi::base {

uint64_t physical_memory_bytes() noexcept {
  return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace jammi::base
