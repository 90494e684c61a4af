#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// BERT: learned absolute positions, token types, normalisation after each block. Weights at the root or
/// under `bert.`; norms as weight/bias or in the older gamma/beta spelling.
Architecture read_bert(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
