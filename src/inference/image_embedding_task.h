#pragma once

#include <memory>

#include "inference/task.h"
#include "model/image_model.h"

namespace jammi::inference {

/// Adds `vector` (fixed-size list of float32) to rows: the unit-length embedding of their image.
std::shared_ptr<const Task> make_image_embedding_task(std::shared_ptr<const model::ImageModel> model);

}  // namespace jammi::inference
