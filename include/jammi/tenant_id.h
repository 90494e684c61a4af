#pragma once

#include <string>
#include <string_view>

namespace jammi {

/// Who a session works for: a UUID other than the nil UUID. Sessions that are bound to a tenant see its rows
/// and those that belong to nobody; what they write is the tenant's.
class TenantId {
 public:
  /// Reads a UUID as 36 characters, in either case. Throws InvalidArgument of the Tenant category for
  /// anything else, "tenant id '<text>': ...", and for the nil UUID.
  static TenantId parse(std::string_view text);

  /// The canonical form, in lower case.
  const std::string& text() const noexcept { return text_; }

  bool operator==(const TenantId&) const = default;

 private:
  explicit TenantId(std::string text);

  std::string text_;
};

}  // namespace jammi
