#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// BART, as transformers names its weights: an encoder, and a decoder that reads the same text.
Architecture read_bart(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
