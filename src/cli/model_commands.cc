#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jammi/error.h>
#include <jammi/session.h>

#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"
#include "cli/model_argument.h"
#include "model/resolver.h"

namespace jammi::cli {
namespace {

constexpr double kMegabyte = 1024 * 1024;

std::string canonical_id(const std::string& typed) {
  return model::parse_model_source(model_argument(typed)).id;
}

/// Where a model's files were found last; empty when that is not remembered.
std::string folder_of(const ModelRecord& model) {
  const auto metadata = nlohmann::json::parse(model.metadata_json, nullptr, /*allow_exceptions=*/false);
  return metadata.is_object() ? metadata.value("artifact_path", "") : "";
}

/// What is known of a model, with the titles and the JSON names of the fields.
Listing model_record(const ModelRecord& model) {
  return {
      .columns = {{"Model ID", "model_id"},
                  {"Version", "version"},
                  {"Type", "type"},
                  {"Backend", "backend"},
                  {"Task", "task"},
                  {"Dimensions", "dimensions"},
                  {"Status", "status"},
                  {"Folder", "folder"},
                  {"Created", "created_at"},
                  {"Updated", "updated_at"}},
      .rows = {{model.name, std::to_string(model.version), model.type, model.backend,
                std::string(to_string(model.task)), model.dimensions ? std::to_string(*model.dimensions) : "",
                model.status, folder_of(model), model.created_at, model.updated_at}},
      .empty_message = ""};
}

/// A line for each column of the only row.
Listing upright(const Listing& record) {
  Listing lines{.columns = {{"Field", "field"}, {"Value", "value"}}, .rows = {}, .empty_message = ""};
  for (size_t i = 0; i < record.columns.size(); ++i) {
    lines.rows.push_back({record.columns[i].title, record.rows[0][i]});
  }
  return lines;
}

}  // namespace

void list_models(const Context& context) {
  Listing listing{.columns = {{"Model ID", "model_id", 40},
                              {"Backend", "backend", 12},
                              {"Task", "task", 10},
                              {"Status", "status"}},
                  .rows = {},
                  .rule_width = 75,
                  .empty_message = "No models registered."};
  auto database = open_database(context);
  for (const ModelRecord& model : database->catalog().models().list(database->scope())) {
    listing.rows.push_back({model.name, model.backend, std::string(to_string(model.task)), model.status});
  }
  print_listing(listing, context.format, context.out);
}

void show_model(const Context& context, const std::string& model) {
  const std::string id = canonical_id(model);
  const auto database = open_database(context);
  const auto record = database->catalog().models().latest(id, database->scope());
  if (!record) throw Error(ErrorCode::NotFound, ErrorCategory::None, "No model '" + id + "' registered.");
  const Listing listing = model_record(*record);
  print_listing(context.format == OutputFormat::Table ? upright(listing) : listing, context.format,
                context.out);
}

void preload_models(const Context& context, const PreloadOptions& options) {
  const Config config = configure(context);
  const std::vector<std::string>& names =
      options.models.empty() ? config.server.preload_models : options.models;
  if (names.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None,
                "no model is named, and server.preload_models is empty");
  }
  const ModelTask task = parse_model_task(options.task);
  Listing listing{.columns = {{"Model ID", "model_id"}, {"Task", "task"}, {"Memory", "memory_bytes"}},
                  .rows = {},
                  .empty_message = ""};
  auto session = open_session(context);
  for (const std::string& name : names) {
    session->preload_model(model_argument(name), task, context.stop);
    const LoadedModel loaded = session->loaded_models().front();
    listing.rows.push_back({loaded.model_id, options.task, std::to_string(loaded.memory_bytes)});
    if (context.format == OutputFormat::Table) {
      context.out << fmt::format("Model '{}' can be used for {}; its weights take {:.1f} MB of memory.\n",
                                 loaded.model_id, options.task,
                                 static_cast<double>(loaded.memory_bytes) / kMegabyte)
                  << std::flush;
    }
  }
  if (context.format != OutputFormat::Table) print_listing(listing, context.format, context.out);
}

void evict_model(const Context& context, const std::string& model) {
  open_session(context)->evict_model(model_argument(model));
  context.out << "Model '" << canonical_id(model) << "' evicted; its next use finds its files anew.\n";
}

}  // namespace jammi::cli
