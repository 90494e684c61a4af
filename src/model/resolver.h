#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "model/hub.h"

namespace jammi::model {

/// A model as a user names it. `id` is the canonical id: catalog name, cache key and `_model` value.
struct ModelSource {
  enum class Kind { Local, Hub, Http };

  Kind kind = Kind::Hub;
  std::string id;  ///< Local: the directory exactly as written; Hub: the repository; Http: the address

  bool operator==(const ModelSource&) const = default;
};

/// Reads "local:<directory>", "hf://<repository>", "http[s]://<host>[/<path>][#<model>]" or a bare
/// repository. Anything without a prefix is a repository, even when a directory of that name exists.
/// InvalidArgument for an empty name, and for an address that holds a password or a query, which would be
/// stored and shown.
ModelSource parse_model_source(std::string_view written);

/// The source behind a canonical id that was stored earlier: an address, else an absolute path that exists is
/// local, else hub.
ModelSource model_source_of_canonical_id(std::string_view id);

/// What runs a model's forward pass.
enum class ModelBackend { Native, Onnx };

std::string_view to_string(ModelBackend backend) noexcept;  ///< candle, ort: the words of the catalog

/// A model whose files are on this machine.
struct ResolvedModel {
  ModelSource source;
  ModelBackend backend = ModelBackend::Native;
  std::filesystem::path directory;
  std::vector<std::filesystem::path> weight_files;  ///< safetensors files or one ONNX file
};

/// What the catalog remembers of a model's files.
struct CatalogModel {
  std::filesystem::path artifact_path;
  ModelBackend backend = ModelBackend::Native;
};

/// Finds the newest catalog row of a canonical id; nothing when there is none or it has no files.
using CatalogLookup = std::function<std::optional<CatalogModel>(const std::string& id)>;

/// Finds a model's files: catalog, then local directory or Hugging Face Hub. Thread-safe when `lookup` is.
class Resolver {
 public:
  /// `hint` other than Auto fixes the backend, and with it the weights that are fetched from the hub; Auto
  /// prefers safetensors over ONNX.
  Resolver(Config::Backend hint, CatalogLookup lookup, HubOptions hub);

  /// `source` is not Http. Throws Model errors naming the id: NotFound for missing directories, files or
  /// repositories, Unsupported for a backend that cannot serve it, Unavailable when the hub cannot be
  /// reached, Cancelled on a stop request.
  ResolvedModel resolve(const ModelSource& source, const HubProgressCallback& progress = {},
                        std::stop_token stop = {}) const;

 private:
  Config::Backend hint_;
  CatalogLookup lookup_;
  HubOptions hub_;
};

}  // namespace jammi::model
