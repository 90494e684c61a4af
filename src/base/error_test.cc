#include <set>

#include <gtest/gtest.h>

#include <jammi/error.h>

#include "base/testing.h"

namespace jammi {
namespace {

TEST(Error, text_is_prefix_message_and_activities_innermost_first) {
  Error error(ErrorCode::DataCorruption, ErrorCategory::Storage, "truncated footer");
  error.add_activity("reading a.parquet").add_activity("embedding source patents");
  EXPECT_STREQ(error.what(), "Storage error: truncated footer (reading a.parquet; embedding source patents)");
  EXPECT_EQ(error.message(), "truncated footer");
}

TEST(Error, a_value_with_a_nul_does_not_end_the_text) {
  const Error error(ErrorCode::NotFound, ErrorCategory::None, std::string("no such thing: a\0b\0", 19));
  EXPECT_STREQ(error.what(), "no such thing: a\\0b\\0");
}

TEST(Error, a_huge_value_is_shown_shortened) {
  Error error(ErrorCode::NotFound, ErrorCategory::Sql, "no such column: " + std::string(10'000'000, 'x'));
  error.add_activity("reading " + std::string(10'000'000, 'y'));
  EXPECT_LT(std::string(error.what()).size(), 2'500u);
  EXPECT_TRUE(error.message().starts_with("no such column: xxx"));
}

TEST(Error, every_code_has_a_distinct_name_and_grpc_status) {
  std::set<std::string_view> names;
  std::set<int> statuses;
  for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
    const ErrorTraits& traits = error_traits(static_cast<ErrorCode>(code));
    EXPECT_TRUE(names.insert(traits.name).second) << traits.name;
    EXPECT_TRUE(statuses.insert(traits.grpc_status).second) << traits.name;
    EXPECT_GT(traits.exit_code, 0) << traits.name;
  }
}

TEST(Error, source_and_model_errors_name_their_subject) {
  EXPECT_STREQ(source_error(ErrorCode::AlreadyExists, "patents", "Source already registered").what(),
               "Source error: patents: Source already registered");
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: m: no weights",
               throw model_error(ErrorCode::NotFound, "m", "no weights"));
}

}  // namespace
}  // namespace jammi
