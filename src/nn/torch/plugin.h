#pragma once

#include <cstdint>

#include "base/shared_library.h"
#include "nn/torch/model.h"

namespace jammi::nn::torch {

/// The plugin libjammi_torch.so, loaded by the first call: libtorch takes most of a second and hundreds of
/// megabytes, which a process that computes nothing with it does not pay. Throws Unsupported when it cannot
/// be loaded, for example because this build has none.
const base::SharedLibrary& plugin();

}  // namespace jammi::nn::torch

// The entries of the plugin.

/// A model that the caller owns. Throws std::bad_alloc when the device has too little memory.
extern "C" __attribute__((visibility("default"))) const jammi::nn::torch::Model* jammi_make_torch_model(
    const jammi::nn::torch::ModelSource& source);

/// How many CUDA devices libtorch can use; 0 for a libtorch without CUDA.
extern "C" __attribute__((visibility("default"))) int64_t jammi_count_cuda_devices();
