#pragma once

#include <cstddef>
#include <memory>

#include "inference/task.h"
#include "model/http_embedder.h"

namespace jammi::inference {

/// Adds `vector` (fixed-size list of float32) to rows: the unit-length embedding of their text, which a
/// server computes. One request takes a window of at most `texts_per_request` rows; as many requests are
/// under way as the stream has threads, at most 8. A request that fails for good makes its rows error rows.
std::shared_ptr<const Task> make_http_embedding_task(std::shared_ptr<const model::HttpEmbedder> embedder,
                                                     size_t texts_per_request);

}  // namespace jammi::inference
