#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// ModernBERT: rotary positions, attention that is global in some layers and within a window in the others,
/// gated feed-forward layers, normalisation before each block. Weights at the root or under `model.`.
Architecture read_modernbert(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
