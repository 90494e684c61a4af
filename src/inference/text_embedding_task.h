#pragma once

#include <memory>

#include "inference/text_task.h"
#include "model/text_embedder.h"

namespace jammi::inference {

/// Adds `vector` (fixed-size list of float32) to rows: the unit-length embedding of their text.
std::shared_ptr<const TextTask> make_text_embedding_task(
    const std::shared_ptr<const model::TextEmbedder>& embedder);

}  // namespace jammi::inference
