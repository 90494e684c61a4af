#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// The text tower of an OpenCLIP model (open_clip_config.json): causal attention, the hidden state of the end
/// of text, projected into the space that the towers share. Weights at the root or under `text.`.
Architecture read_open_clip_text(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
