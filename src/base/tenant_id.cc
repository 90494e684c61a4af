#include <cctype>
#include <utility>

#include <jammi/error.h>
#include <jammi/tenant_id.h>

namespace jammi {
namespace {

constexpr std::string_view kNil = "00000000-0000-0000-0000-000000000000";

bool fits(std::string_view text) {
  if (text.size() != kNil.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_hyphen = text[i] == '-';
    if (is_hyphen != (kNil[i] == '-')) return false;
    if (!is_hyphen && std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace

TenantId::TenantId(std::string text) : text_(std::move(text)) {}

TenantId TenantId::parse(std::string_view text) {
  if (!fits(text)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Tenant,
                "tenant id '" + std::string(text) + "': not a UUID, expected a text such as " +
                    "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
  }
  if (text == kNil) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Tenant, "tenant id must not be the nil UUID");
  }
  std::string canonical(text);
  for (char& c : canonical) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return TenantId(std::move(canonical));
}

}  // namespace jammi
