#include "fma_rate.h"

#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

namespace jammi::bench {
namespace {

constexpr int kChains = 12;  // independent chains hide the latency of an FMA on every CPU of interest
constexpr long kSteps = 20'000'000;

/// Runs kChains * kSteps dependent multiply-adds on vectors of type Lanes.
template <typename Lanes>
[[gnu::always_inline]] inline float multiply_add() {
  Lanes sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = Lanes{} + static_cast<float>(i);
  const Lanes factor = Lanes{} + 0.999f;
  const Lanes addend = Lanes{} + 0.001f;
  for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (Lanes& sum : sums) sum = sum * factor + addend;
  }
  float total = 0;
  for (const Lanes& sum : sums) total += sum[0];
  return total;
}

using Lanes4 = float __attribute__((vector_size(16)));
using Lanes8 = float __attribute__((vector_size(32)));
using Lanes16 = float __attribute__((vector_size(64)));

float multiply_add_generic() {
  return multiply_add<Lanes4>();
}

#ifdef __x86_64__
[[gnu::target("avx2,fma")]] float multiply_add_avx2() {
  return multiply_add<Lanes8>();
}
[[gnu::target("avx512f")]] float multiply_add_avx512() {
  return multiply_add<Lanes16>();
}
#endif

struct Kernel {
  float (*run)();
  int lanes;
};

Kernel widest_kernel() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) return {multiply_add_avx512, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {multiply_add_avx2, 8};
#endif
  return {multiply_add_generic, 4};
}

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

double fma_gigaflops_per_core(size_t num_threads) {
  const Kernel kernel = widest_kernel();
  std::vector<float> results(num_threads);  // keeps the compiler from dropping the work
  std::vector<double> seconds(num_threads);
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < num_threads; ++i) {
    threads.emplace_back([&, i] {
      const double start = thread_cpu_seconds();
      results[i] = kernel.run();
      seconds[i] = thread_cpu_seconds() - start;
    });
  }
  threads.clear();
  const double mean_seconds = std::reduce(seconds.begin(), seconds.end()) / static_cast<double>(num_threads);
  return 2e-9 * kernel.lanes * kChains * kSteps / mean_seconds;
}

}  // namespace jammi::bench
