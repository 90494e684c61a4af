#include <string>

#include <gtest/gtest.h>

#include <jammi/tenant_id.h>

#include "base/testing.h"

namespace jammi {
namespace {

TEST(TenantId, is_a_uuid_of_any_version_in_lower_case) {
  EXPECT_EQ(TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a").text(),
            "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
  EXPECT_EQ(TenantId::parse("018F5A0E-C4C8-7E10-9C4F-3B6F7C5A8E9A").text(),
            "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a");
  EXPECT_EQ(TenantId::parse("018F5A0E-C4C8-7E10-9C4F-3B6F7C5A8E9A"),
            TenantId::parse("018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"));
}

TEST(TenantId, says_what_is_wrong_with_any_other_text) {
  for (const std::string text :
       {"", "alice", "018f5a0ec4c87e109c4f3b6f7c5a8e9a", "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9", "'; DROP",
        "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9g", "018f5a0ec-4c8-7e10-9c4f-3b6f7c5a8e9a",
        " 018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error: tenant id '" + text + "': not a UUID",
                 TenantId::parse(text));
  }
}

TEST(TenantId, is_not_the_nil_uuid) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Tenant error: tenant id must not be the nil UUID",
               TenantId::parse("00000000-0000-0000-0000-000000000000"));
}

}  // namespace
}  // namespace jammi
