#pragma once

#include <optional>
#include <string>
#include <utility>

namespace jammi::catalog {

/// Whose rows a caller may see. A bound tenant sees its own rows and those without a tenant; nobody
/// bound (the default) sees only rows without a tenant.
class TenantScope {
 public:
  TenantScope() = default;
  static TenantScope of(std::string tenant_id) { return TenantScope(std::move(tenant_id), false); }

  /// Sees every row: for start-up work such as recovery, never for a user's request.
  static TenantScope everything() { return TenantScope(std::nullopt, true); }

  /// The tenant that new rows are stamped with.
  const std::optional<std::string>& tenant_id() const { return tenant_id_; }
  bool sees_everything() const { return sees_everything_; }

  /// Whether what belongs to `owner`, nobody if there is none, is visible.
  bool sees(const std::optional<std::string>& owner) const {
    return sees_everything_ || !owner || owner == tenant_id_;
  }

  bool operator==(const TenantScope&) const = default;

 private:
  TenantScope(std::optional<std::string> tenant_id, bool sees_everything)
      : tenant_id_(std::move(tenant_id)), sees_everything_(sees_everything) {}

  std::optional<std::string> tenant_id_;
  bool sees_everything_ = false;
};

}  // namespace jammi::catalog
