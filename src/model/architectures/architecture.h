#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/json_file.h"
#include "nn/encoder.h"
#include "nn/encoder_spec.h"
#include "nn/tensor_source.h"

namespace jammi::model {

/// A matrix that pooled vectors are multiplied by: [hidden_size, dimensions].
struct Projection {
  std::string weight;
  int64_t dimensions = 0;
};

/// A checkpoint in the encoder's terms: its arithmetic and where it keeps each weight.
struct Architecture {
  nn::EncoderSpec spec;
  nn::WeightNames names;
  std::optional<nn::Pooling> pooling;    ///< when the architecture fixes it
  std::optional<Projection> projection;  ///< nothing for models whose vectors are pooled hidden states
};

/// Reads a model's configuration: OpenCLIP when it has a `model_cfg`, else by its `model_type` ("bert" when
/// it has none). `weights` only decides between spellings of tensor names; the encoder checks presence and
/// shapes. Throws Model errors that name the file and the field: Unsupported for a model type or option
/// without an implementation, DataCorruption for values that make no model.
Architecture read_architecture(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
