#include "base/shared_library.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::base {
namespace {

TEST(SharedLibrary, FindsAFunctionOfALibrary) {
  const SharedLibrary library("libm.so.6");
  EXPECT_EQ(library.function<double(double)>("sqrt")(9.0), 3.0);
}

TEST(SharedLibrary, NamesALibraryThatIsMissing) {
  EXPECT_ERROR(ErrorCode::Unsupported, "libjammi_missing.so", SharedLibrary("libjammi_missing.so"));
}

TEST(SharedLibrary, NamesAFunctionThatIsMissing) {
  const SharedLibrary library("libm.so.6");
  EXPECT_ERROR(ErrorCode::Unsupported, "jammi_missing", library.function<void()>("jammi_missing"));
}

}  // namespace
}  // namespace jammi::base
