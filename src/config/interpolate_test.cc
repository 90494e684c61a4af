#include "config/interpolate.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::config {
namespace {

const Environment kEnvironment = {{"NAME", "value"}, {"_n2", "second"}, {"NESTED", "${NAME}"}, {"EMPTY", ""}};

std::string message_of(std::string_view text) {
  try {
    return "no error: " + interpolate(text, kEnvironment);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Interpolate, replaces_references_by_values) {
  EXPECT_EQ(interpolate("a ${NAME} b ${_n2}${EMPTY}.", kEnvironment), "a value b second.");
  EXPECT_EQ(interpolate("", kEnvironment), "");
}

TEST(Interpolate, a_doubled_dollar_is_one_dollar_and_a_lone_one_stays) {
  EXPECT_EQ(interpolate("$$ $5 $NAME $", kEnvironment), "$ $5 $NAME $");
  EXPECT_EQ(interpolate("$${NAME}", kEnvironment), "${NAME}");
}

TEST(Interpolate, values_are_not_scanned_again) {
  EXPECT_EQ(interpolate("${NESTED}", kEnvironment), "${NAME}");
}

TEST(Interpolate, errors_have_the_texts_that_users_match) {
  EXPECT_EQ(message_of("# ${MISSING}"),
            "Configuration error: Env var `MISSING` referenced by config is not set");
  EXPECT_EQ(message_of("abc ${NAME"), "Configuration error: Unterminated env-var reference `${` at offset 4");
  EXPECT_EQ(message_of("ab ${1x}"),
            "Configuration error: Invalid env-var name `${1x}` at offset 3: names must match "
            "[A-Za-z_][A-Za-z0-9_]*");
  EXPECT_EQ(message_of("${}"),
            "Configuration error: Invalid env-var name `${}` at offset 0: names must match "
            "[A-Za-z_][A-Za-z0-9_]*");
}

TEST(Interpolate, offsets_count_bytes_of_the_file) {
  EXPECT_EQ(message_of("${NAME}é ${"),
            "Configuration error: Unterminated env-var reference `${` at offset 10");
}

}  // namespace
}  // namespace jammi::config
