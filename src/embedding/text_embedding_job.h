#pragma once

#include <memory>

#include <jammi/database.h>
#include <jammi/embedding.h>

#include "inference/observer_list.h"
#include "inference/text_input.h"
#include "model/text_embedder.h"

namespace jammi::embedding {

/// Runs a model over every row of a source's table and stores the vectors in a new result table with its
/// sidecars. The table becomes ready as the last step; whatever ends the job earlier leaves it failed and
/// removes its files. Memory does not depend on the number of rows but for the index graph (about half a
/// vector a row). Observers see what `infer` would show them of the same rows. Throws NotFound naming an
/// unknown source or column, InvalidArgument without columns, Cancelled on a stop request, and what reading
/// the source or writing the table throws.
EmbeddingSummary run_text_embedding_job(Database& database,
                                        std::shared_ptr<const model::TextEmbedder> embedder,
                                        const inference::TextInput& input,
                                        const inference::ObserverList& observers,
                                        const EmbeddingOptions& options);

}  // namespace jammi::embedding
