#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/memory_budget.h"
#include "model/model.h"

namespace jammi::engine {

/// A model whose files are at hand, not loaded yet.
struct FoundModel {
  std::shared_ptr<base::MemoryBudget> memory;  ///< what its weights are claimed of
  const char* memory_name = "memory";          ///< for errors: "memory" or "GPU memory"
  uint64_t estimated_bytes = 0;                ///< of its weights in memory, as its files tell

  /// A fresh model, which nobody else has.
  std::function<std::shared_ptr<const model::Model>()> load;
};

}  // namespace jammi::engine
