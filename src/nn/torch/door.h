#pragma once

#include <new>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

#include <jammi/error.h>

namespace jammi::nn::torch {

/// Only the allocator of GPUs has an exception of its own; the host's and those of CUDA's libraries are told
/// by their texts.
inline bool is_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string_view text = error.what_without_backtrace();
  return text.contains("can't allocate memory") || text.contains("out of memory") ||
         text.contains("STATUS_ALLOC_FAILED");
}

/// Runs `body`, turning libtorch's exceptions into std::bad_alloc or ours.
template <typename Body>
auto at_door(const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) throw std::bad_alloc();
    throw Error(ErrorCode::Internal, ErrorCategory::Model,
                "libtorch failed: " + std::string(error.what_without_backtrace()));
  }
}

}  // namespace jammi::nn::torch
