#pragma once

#include <string>

#include "model/architectures/architecture.h"

namespace jammi::model {

/// BERT: learned absolute positions, token types, normalisation after each block. Weights at the root or
/// under `bert.`; norms as weight/bias or in the older gamma/beta spelling.
Architecture read_bert(const JsonFile& config, const nn::TensorSource& weights);

/// RoBERTa, CamemBERT and XLM-RoBERTa: BERT whose positions begin behind the padding id and skip padding
/// tokens. Weights at the root or under `roberta.`, `camembert.` or `xlm-roberta.`.
Architecture read_roberta(const JsonFile& config, const nn::TensorSource& weights);

}  // namespace jammi::model
