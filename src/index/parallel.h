#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace jammi::index {

/// Calls `body(thread, begin, end)` until the parts cover [0, n), `part_size` items or fewer at a time, on up
/// to `num_threads` threads of which the caller is number 0. Returns when all parts are done; throws what the
/// first failing part threw.
void for_each_part(size_t n, size_t part_size, size_t num_threads,
                   const std::function<void(size_t thread, size_t begin, size_t end)>& body);

/// Threads to use when nothing else was asked for: one for each CPU.
size_t default_num_threads();

/// The same for comparing vectors, but one when there is so little to do that starting threads would cost
/// more than it saves.
size_t num_threads_for(uint64_t multiply_adds);

}  // namespace jammi::index
