#pragma once

#include "model/json_file.h"
#include "nn/encoder_spec.h"
#include "nn/tensor_source.h"

namespace jammi::model {

/// A checkpoint in the encoder's terms: its arithmetic and where it keeps each weight.
struct Architecture {
  nn::EncoderSpec spec;
  nn::WeightNames names;
};

/// Reads config.json by its `model_type` ("bert" when it has none). `weights` only decides between spellings
/// of tensor names; the encoder checks presence and shapes. Throws Model errors that name the file and the
/// field: Unsupported for a model type or option without an implementation, DataCorruption for values that
/// make no model.
Architecture read_architecture(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
