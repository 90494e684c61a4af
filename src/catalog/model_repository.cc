#include "catalog/model_repository.h"

#include <jammi/error.h>

#include "catalog/tenant_filter.h"

namespace jammi::catalog {
namespace {

constexpr std::string_view kColumns =
    "SELECT name, version, model_type, task, backend, status, dimensions, metadata, created_at, updated_at, "
    "tenant_id FROM models ";

// Loading a fine-tuned model resolves it like any other; that must not drop the pointer to its adapter.
constexpr std::string_view kUpsert = R"sql(
INSERT INTO models (model_id, name, version, model_type, task, backend, status, dimensions, metadata, tenant_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (model_id) DO UPDATE SET
  model_type = CASE WHEN models.model_type = 'fine-tuned' THEN models.model_type ELSE excluded.model_type END,
  metadata = CASE WHEN models.model_type = 'fine-tuned' AND excluded.model_type <> 'fine-tuned'
    THEN models.metadata ELSE excluded.metadata END,
  task = excluded.task,
  backend = excluded.backend,
  status = excluded.status,
  dimensions = excluded.dimensions,
  tenant_id = CASE WHEN models.tenant_id IS NOT DISTINCT FROM excluded.tenant_id THEN models.tenant_id ELSE NULL END,
  updated_at = CURRENT_TIMESTAMP
)sql";

ModelRecord read_model(const Statement& row) {
  ModelRecord model;
  model.name = row.text(0);
  model.version = row.integer(1);
  model.type = row.text(2);
  model.backend = row.text(4);
  model.status = row.text(5);
  model.dimensions = row.optional_integer(6);
  model.metadata_json = row.text(7);
  model.created_at = row.text(8);
  model.updated_at = row.text(9);
  model.tenant_id = row.optional_text(10);
  try {
    model.task = parse_model_task(row.text(3));
  } catch (const Error& error) {
    throw model_error(ErrorCode::DataCorruption, model.name,
                      "its catalog row cannot be read: " + error.message());
  }
  return model;
}

}  // namespace

void ModelRepository::upsert(const ModelRecord& model, const TenantScope& scope) {
  auto lease = pool_.lease();
  Statement upsert(*lease, kUpsert);
  upsert.bind(std::string_view(model.name + "::" + std::to_string(model.version)));
  upsert.bind(std::string_view(model.name)).bind(model.version).bind(std::string_view(model.type));
  upsert.bind(to_string(model.task)).bind(std::string_view(model.backend));
  upsert.bind(std::string_view(model.status)).bind(model.dimensions);
  upsert.bind(std::string_view(model.metadata_json)).bind(scope.tenant_id()).run();
}

std::optional<ModelRecord> ModelRepository::latest(const std::string& name, const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(
      *lease, std::string(kColumns) + "WHERE name = ? AND " + kIsVisible + " ORDER BY version DESC LIMIT 1");
  bind_scope(select.bind(std::string_view(name)), scope);
  if (!select.step()) return std::nullopt;
  return read_model(select);
}

std::vector<ModelRecord> ModelRepository::list(const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(*lease, std::string(kColumns) + "WHERE " + kIsVisible + " ORDER BY name, version");
  bind_scope(select, scope);
  std::vector<ModelRecord> models;
  while (select.step()) models.push_back(read_model(select));
  return models;
}

}  // namespace jammi::catalog
