#pragma once

#include <cstddef>
#include <optional>

namespace jammi::inference {

/// Memory and threads of a stream. The defaults keep a window small enough that memory does not depend on the
/// number of rows.
struct StreamOptions {
  size_t num_threads = 1;
  size_t rows_per_window = 256;
  size_t bytes_per_window = 4 << 20;  ///< of text
  size_t windows_in_flight = 4;
  std::optional<size_t> tokens_per_batch = {};  ///< what the model computes fastest unless set
};

}  // namespace jammi::inference
