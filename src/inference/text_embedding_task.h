#pragma once

#include <memory>

#include "inference/text_task.h"
#include "model/text_model.h"

namespace jammi::inference {

/// Adds `vector` (fixed-size list of float32) to rows: the row that `model` gives their text, its unit-length
/// embedding.
std::shared_ptr<const TextTask> make_text_embedding_task(
    const std::shared_ptr<const model::TextModel>& model);

}  // namespace jammi::inference
