#include "model/resolver.h"

#include <algorithm>
#include <utility>

#include <jammi/error.h>

#include "model/model_files.h"

namespace jammi::model {
namespace {

constexpr std::string_view kLocalPrefix = "local:";
constexpr std::string_view kHubPrefix = "hf://";
constexpr std::string_view kHttpPrefixes[] = {"http://", "https://"};

bool matches(Config::Backend hint, ModelBackend backend) {
  switch (hint) {
    case Config::Backend::Auto:
      return true;
    case Config::Backend::Candle:
      return backend == ModelBackend::Native;
    case Config::Backend::Ort:
      return backend == ModelBackend::Onnx;
    case Config::Backend::Http:
      return false;
  }
  return false;
}

WeightFormat weights_for(Config::Backend hint) {
  if (hint == Config::Backend::Candle) return WeightFormat::Safetensors;
  return hint == Config::Backend::Ort ? WeightFormat::Onnx : WeightFormat::Any;
}

bool is_address(std::string_view written) {
  return std::ranges::any_of(kHttpPrefixes,
                             [&](std::string_view prefix) { return written.starts_with(prefix); });
}

/// What is refused may hold a secret and is not repeated.
void check_address(std::string_view address) {
  const std::string_view base = address.substr(0, address.find('#'));
  const size_t host = base.find("://") + 3;
  const std::string_view authority = base.substr(host, base.find_first_of("/?", host) - host);
  const auto refuse = [](const char* problem) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model, problem);
  };
  if (authority.empty()) refuse("the address of an HTTP model has no host");
  if (authority.contains('@')) {
    refuse("the address of an HTTP model holds a user or password; send them by inference.http.headers");
  }
  if (base.contains('?'))
    refuse("the address of an HTTP model has a query; send it by inference.http.headers");
}

/// Chooses backend and weights of a directory that exists.
ResolvedModel resolve_directory(const ModelSource& source, const std::filesystem::path& directory,
                                Config::Backend hint) {
  auto not_found = [&](std::string_view problem) {
    return model_error(ErrorCode::NotFound, source.id, problem);
  };
  if (!has_configuration(directory)) {
    throw not_found("Missing config.json or open_clip_config.json in model directory");
  }
  std::vector<std::filesystem::path> safetensors = safetensors_files(directory);
  const std::optional<std::filesystem::path> onnx = onnx_file(directory);
  if (safetensors.empty() && !onnx) {
    throw not_found(
        "No model weights found (need model.safetensors, open_clip_model.safetensors, or model.onnx)");
  }
  if (hint == Config::Backend::Candle && safetensors.empty()) {
    throw not_found("No safetensors weights found for Candle backend");
  }
  if (hint == Config::Backend::Ort && !onnx) throw not_found("No ONNX weights found for ORT backend");
  if (hint == Config::Backend::Ort || safetensors.empty())
    return {source, ModelBackend::Onnx, directory, {*onnx}};
  return {source, ModelBackend::Native, directory, std::move(safetensors)};
}

bool has_weights_for(const CatalogModel& model) {
  if (!std::filesystem::is_directory(model.artifact_path) || !has_configuration(model.artifact_path))
    return false;
  return has_weights(model.artifact_path,
                     model.backend == ModelBackend::Native ? WeightFormat::Safetensors : WeightFormat::Onnx);
}

}  // namespace

std::string_view to_string(ModelBackend backend) noexcept {
  return backend == ModelBackend::Native ? "candle" : "ort";
}

ModelSource parse_model_source(std::string_view written) {
  ModelSource source;
  if (is_address(written)) {
    check_address(written);
    source = {ModelSource::Kind::Http, std::string(written)};
  } else if (written.starts_with(kLocalPrefix)) {
    source = {ModelSource::Kind::Local, std::string(written.substr(kLocalPrefix.size()))};
  } else if (written.starts_with(kHubPrefix)) {
    source = {ModelSource::Kind::Hub, std::string(written.substr(kHubPrefix.size()))};
  } else {
    source = {ModelSource::Kind::Hub, std::string(written)};
  }
  if (source.id.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model,
                "model name is empty: " + std::string(written));
  }
  return source;
}

ModelSource model_source_of_canonical_id(std::string_view id) {
  if (is_address(id)) return {ModelSource::Kind::Http, std::string(id)};
  const std::filesystem::path path(id);
  const bool is_local = path.is_absolute() && std::filesystem::exists(path);
  return {is_local ? ModelSource::Kind::Local : ModelSource::Kind::Hub, std::string(id)};
}

Resolver::Resolver(Config::Backend hint, CatalogLookup lookup, HubOptions hub)
    : hint_(hint), lookup_(std::move(lookup)), hub_(std::move(hub)) {
  hub_.weights = weights_for(hint);
}

ResolvedModel Resolver::resolve(const ModelSource& source, const HubProgressCallback& progress,
                                std::stop_token stop) const {
  if (hint_ == Config::Backend::Http) {
    throw model_error(
        ErrorCode::Unsupported, source.id,
        "Backend Http not supported for local resolution; an HTTP model is named by its address");
  }
  try {
    if (const std::optional<CatalogModel> known = lookup_ ? lookup_(source.id) : std::nullopt) {
      if (matches(hint_, known->backend) && has_weights_for(*known)) {
        const auto backend =
            known->backend == ModelBackend::Native ? Config::Backend::Candle : Config::Backend::Ort;
        return resolve_directory(source, known->artifact_path, backend);
      }
    }
    if (source.kind == ModelSource::Kind::Hub) {
      return resolve_directory(source, fetch_from_hub(source.id, hub_, progress, std::move(stop)), hint_);
    }
    if (!std::filesystem::is_directory(source.id)) {
      throw model_error(ErrorCode::NotFound, source.id, "Model directory does not exist: " + source.id);
    }
    return resolve_directory(source, source.id, hint_);
  } catch (const std::filesystem::filesystem_error& error) {
    throw model_error(ErrorCode::Unavailable, source.id,
                      "cannot read model directory: " + std::string(error.what()));
  }
}

}  // namespace jammi::model
