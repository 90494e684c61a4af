#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace jammi {

/// State of a long call. Counters only grow.
struct Progress {
  uint64_t rows_done = 0;
  std::optional<uint64_t> rows_total;  ///< unset while the source's size is unknown
  uint64_t rows_failed = 0;            ///< rows whose `_status` is error
  uint64_t tokens_done = 0;            ///< model tokens computed, special tokens included
  double elapsed_seconds = 0;
};

/// Called from one thread at a time, at most about ten times a second and once at the end. Must not throw.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace jammi
