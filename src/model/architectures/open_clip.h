#pragma once

#include "image/preprocess.h"
#include "model/architectures/architecture.h"

namespace jammi::model {

/// The text tower of an OpenCLIP model (open_clip_config.json): causal attention, the hidden state of the end
/// of text, projected into the space that the towers share. Weights at the root or under `text.`.
Architecture read_open_clip_text(const JsonFile& config, const nn::TensorSource& weights);

/// The vision tower: a transformer over patches, its class token or the mean of its patches projected into
/// the same space. Weights under `visual.`.
Architecture read_open_clip_vision(const JsonFile& config, const nn::TensorSource& weights);

/// How the tower `vision` wants its images: the colours of `preprocess_cfg`, those of the original CLIP where
/// it has none.
image::Preprocessing read_open_clip_preprocessing(const JsonFile& config, const nn::EncoderSpec& vision);

}  // namespace jammi::model
