#include "cli/model_argument.h"

#include <filesystem>
#include <string_view>

#include "model/resolver.h"

namespace jammi::cli {
namespace {

constexpr std::string_view kLocal = "local:";

std::string local_model(std::string_view path) {
  return std::string(kLocal) + std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

std::string model_argument(const std::string& typed) {
  if (typed.starts_with(kLocal)) return local_model(std::string_view(typed).substr(kLocal.size()));
  bool is_path = typed.starts_with("/") || typed.starts_with("./") || typed.starts_with("../");
  return is_path ? local_model(typed) : typed;
}

std::string model_of(const ResultTableRecord& table) {
  model::ModelSource source = model::model_source_of_canonical_id(table.model_id);
  return source.kind == model::ModelSource::Kind::Local ? local_model(source.id) : source.id;
}

}  // namespace jammi::cli
