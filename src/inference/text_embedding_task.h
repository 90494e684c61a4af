#pragma once

#include <cstddef>
#include <memory>

#include "inference/task.h"
#include "inference/text_embedding_stream.h"
#include "model/text_embedder.h"

namespace jammi::inference {

/// Adds `vector` (fixed-size list of float32) to rows: the unit-length embedding of their text.
std::shared_ptr<const Task> make_text_embedding_task(std::shared_ptr<const model::TextEmbedder> embedder);

/// Embedded rows as that task gives them.
TaskOutput text_embedding_output(EmbeddedRows embedded, size_t dimensions);

}  // namespace jammi::inference
