#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include <jammi/database.h>
#include <jammi/records.h>

#include "base/memory_budget.h"
#include "engine/found_model.h"
#include "model/resolver.h"
#include "nn/device.h"

namespace jammi::engine {

/// Finds models — in the catalog, in a directory, on the hub, on a server — loads them for a task and keeps
/// their catalog rows. Chooses the device that they run on, and counts what they take of its memory and of
/// the machine's. Thread-safe.
class ModelLoader {
 public:
  /// `database` must outlive the loader and what it finds.
  explicit ModelLoader(Database& database);

  /// Its `load` gives for text_embedding a model::TextEmbedder, or a model::HttpEmbedder for an address; for
  /// image_embedding a model::ImageEmbedder; for classification and ner a model::TextClassifier of the kind.
  /// The model's catalog row then says what it was loaded for last. Both throw Model errors, Gpu errors of
  /// a device that cannot be used, Backend errors of a server, Unsupported for a task that no model does,
  /// Cancelled on a stop request.
  FoundModel find(const model::ModelSource& source, ModelTask task, std::stop_token stop) const;

  /// Makes the catalog forget where the files of a model were found, so that its next use finds them anew,
  /// and says whether it has the model. A fine-tuned model keeps its files, which no search would find.
  bool forget_files(const std::string& id) const;

 private:
  struct Placement {
    nn::Device device;
    std::shared_ptr<base::MemoryBudget> memory;
  };

  /// Where native models run; ONNX Runtime has the CPU.
  Placement placement() const;
  FoundModel find_on_server(const model::ModelSource& source, ModelTask task, std::stop_token stop) const;

  Database& database_;
  const model::Resolver resolver_;
  const std::shared_ptr<base::MemoryBudget> host_memory_;
  mutable std::mutex mutex_;                    // guards placement_
  mutable std::optional<Placement> placement_;  // chosen when the first model is found
};

}  // namespace jammi::engine
