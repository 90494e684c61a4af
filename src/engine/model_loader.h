#pragma once

#include <memory>
#include <stop_token>

#include <jammi/database.h>
#include <jammi/records.h>

#include "model/model.h"
#include "model/resolver.h"

namespace jammi::engine {

/// Finds models — in the catalog, in a directory, on the hub, on a server — loads them for a task and keeps
/// their catalog rows. Thread-safe.
class ModelLoader {
 public:
  /// `database` must outlive the loader.
  explicit ModelLoader(Database& database);

  /// text_embedding gives a model::TextEmbedder, or a model::HttpEmbedder for an address; image_embedding a
  /// model::ImageEmbedder; classification and ner a model::TextClassifier of the kind. The model's catalog
  /// row then says what it was loaded for last. Throws Model errors, Backend errors of a server, Unsupported
  /// for a task that no model does, Cancelled on a stop request.
  std::shared_ptr<const model::Model> load(const model::ModelSource& source, ModelTask task,
                                           std::stop_token stop) const;

 private:
  std::shared_ptr<const model::Model> connect(const model::ModelSource& source, ModelTask task,
                                              std::stop_token stop) const;

  Database& database_;
  const model::Resolver resolver_;
};

}  // namespace jammi::engine
