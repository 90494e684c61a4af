#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "inference/task.h"
#include "model/image_embedder.h"
#include "model/text_classifier.h"
#include "model/text_embedder.h"

/// The models of tests/fixtures, and texts for them.
namespace jammi::inference::testing {

std::shared_ptr<const model::TextEmbedder> tiny_bert();

/// Knows colours and shapes.
std::shared_ptr<const model::ImageEmbedder> tiny_clip();

/// Tells energy, food, medicine and software apart.
std::shared_ptr<const model::TextClassifier> tiny_classifier();

/// Finds people (PER), places (LOC) and organisations (ORG).
std::shared_ptr<const model::TextClassifier> tiny_ner();

/// A task's output for up to 256 texts, whose keys are "0", "1", ...
TaskOutput run(const Task& task, const std::vector<std::string>& texts);

/// The cells of a utf8 column, "null" for nulls.
std::vector<std::string> cells(const arrow::Array& column);

}  // namespace jammi::inference::testing
