#pragma once

#include <cstddef>

namespace jammi::bench {

/// Single-precision multiply-add rate of one core while `num_threads` cores compute, in GFLOP per second of
/// CPU time (an FMA counts two), with the widest vectors of this CPU. Takes about a tenth of a second.
double fma_gigaflops_per_core(size_t num_threads);

}  // namespace jammi::bench
