#pragma once

#include <jammi/database.h>
#include <jammi/embedding.h>

#include "inference/observer_list.h"
#include "inference/task.h"
#include "inference/text_input.h"
#include "model/model_identity.h"

namespace jammi::embedding {

/// Runs `task`, whose one column is `vector`, over every row of a source's table and stores the vectors in a
/// new result table with its sidecars, which remembers `model`. The table becomes ready as the last step;
/// whatever ends the job earlier leaves it failed and removes its files. Memory does not depend on the number
/// of rows but for the index graph (about half a vector a row). Observers see what `infer` would show them of
/// the same rows. Throws NotFound naming an unknown source or column, InvalidArgument without columns or for
/// those that the task cannot read, Cancelled on a stop request, and what reading the source or writing the
/// table throws.
EmbeddingSummary run_embedding_job(Database& database, const inference::Task& task,
                                   const model::ModelIdentity& model, const inference::TextInput& input,
                                   const inference::ObserverList& observers, const EmbeddingOptions& options);

}  // namespace jammi::embedding
