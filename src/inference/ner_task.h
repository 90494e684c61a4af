#pragma once

#include <memory>
#include <string>
#include <vector>

#include "inference/text_task.h"
#include "model/text_model.h"

namespace jammi::inference {

/// Adds `entities` to rows: a JSON array of what the text names, in its order, each as
///
///   {"text": "Google", "label": "ORG", "start": 15, "end": 21, "confidence": 0.97}
///
/// with `start` and `end` in code points and `text` what lies between them. Entities are read off the labels
/// of tokens as BioDecoder does. A row whose logits are not finite is an error row. `model` gives each token
/// a row of logits, one for each of `labels`. Throws Model Unsupported when no label begins an entity.
std::shared_ptr<const TextTask> make_ner_task(std::shared_ptr<const model::TextModel> model,
                                              const std::vector<std::string>& labels);

}  // namespace jammi::inference
