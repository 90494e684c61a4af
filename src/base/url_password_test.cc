#include "base/url_password.h"

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

TEST(HidePasswords, hides_that_of_the_user_and_keeps_the_rest) {
  EXPECT_EQ(hide_passwords("postgresql://ann:secret@host:5432/db?sslmode=require"),
            "postgresql://ann:***@host:5432/db?sslmode=require");
  EXPECT_EQ(hide_passwords("mysql://ann:s@c:et@host/db"), "mysql://ann:***@host/db");
  EXPECT_EQ(hide_passwords("postgresql://ann@host/db"), "postgresql://ann@host/db");
}

TEST(HidePasswords, hides_that_of_a_parameter) {
  EXPECT_EQ(hide_passwords("postgresql://host/db?user=ann&password=secret&sslmode=require"),
            "postgresql://host/db?user=ann&password=***&sslmode=require");
  EXPECT_EQ(hide_passwords("mysql://host/db?passwd=secret"), "mysql://host/db?passwd=***");
}

TEST(HidePasswords, finds_every_url_of_a_text) {
  EXPECT_EQ(hide_passwords("cannot reach \"mysql://a:b@c/d\" or postgres://e:f@g: refused"),
            "cannot reach \"mysql://a:***@c/d\" or postgres://e:***@g: refused");
}

TEST(HidePasswords, leaves_other_text_as_it_is) {
  for (const char* text : {"", "no url", "12:30@noon", "file:///data/a.csv", "https://host:80/a@b"}) {
    EXPECT_EQ(hide_passwords(text), text);
  }
}

}  // namespace
}  // namespace jammi::base
