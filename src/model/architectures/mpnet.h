#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// MPNet: BERT without token types whose attention scores also depend on the distance of two tokens, through
/// one table for all layers. Weights at the root or under `mpnet.`.
Architecture read_mpnet(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
