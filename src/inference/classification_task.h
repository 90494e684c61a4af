#pragma once

#include <memory>
#include <string>
#include <vector>

#include "inference/text_task.h"
#include "model/text_model.h"

namespace jammi::inference {

/// Adds to rows the class of their text: `label`, `confidence` (its softmax probability, float32) and
/// `all_scores_json`, an object of every label's probability with sorted keys; labels that several classes
/// share have the largest. A row whose logits are not finite is an error row. `model` gives each text a row
/// of logits, one for each of `labels`.
std::shared_ptr<const TextTask> make_classification_task(std::shared_ptr<const model::TextModel> model,
                                                         std::vector<std::string> labels);

}  // namespace jammi::inference
