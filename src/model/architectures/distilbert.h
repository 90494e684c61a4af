#pragma once

#include "model/architectures/architecture.h"

namespace jammi::model {

/// DistilBERT: BERT without token types, under field and tensor names of its own. Weights at the root or
/// under `distilbert.`.
Architecture read_distilbert(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
