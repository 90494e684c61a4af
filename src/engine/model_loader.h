#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include <jammi/database.h>
#include <jammi/records.h>

#include "base/memory_budget.h"
#include "catalog/tenant_scope.h"
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
  /// Each use of the loaded model is to be told to `register_use`. Both throw Model errors, Gpu errors of a
  /// device that cannot be used, Backend errors of a server, Unsupported for a task that no model does,
  /// Cancelled on a stop request.
  FoundModel find(const model::ModelSource& source, ModelTask task, std::stop_token stop) const;

  /// Writes the catalog row of a model that was loaded for a task, for what `scope` belongs to: it says what
  /// the model was loaded for last. To be called at each use; only the first one of a load writes.
  void register_use(const std::string& id, ModelTask task, const catalog::TenantScope& scope) const;

  /// Makes the catalog forget where the files of a model were found, so that its next use finds them anew,
  /// and says whether it has the model. A fine-tuned model keeps its files, which no search would find.
  bool forget_files(const std::string& id, const catalog::TenantScope& scope) const;

 private:
  struct Placement {
    nn::Device device;
    std::shared_ptr<base::MemoryBudget> memory;
  };

  /// Where native models run; ONNX Runtime has the CPU.
  Placement placement() const;

  /// Remembers what a model is that was loaded, for `register_use`.
  void note_load(ModelRecord record) const;
  FoundModel find_on_server(const model::ModelSource& source, ModelTask task, std::stop_token stop) const;

  Database& database_;
  const model::Resolver resolver_;
  const std::shared_ptr<base::MemoryBudget> host_memory_;
  /// What a model is, and for whom that stands in the catalog.
  struct Use {
    ModelRecord record;
    std::set<std::optional<std::string>> tenants;
  };

  mutable std::mutex mutex_;                    // guards what follows
  mutable std::optional<Placement> placement_;  // chosen when the first model is found
  mutable std::map<std::pair<std::string, ModelTask>, Use> uses_;
};

}  // namespace jammi::engine
