#include "base/server_url.h"

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

TEST(ServerUrl, has_its_parts_as_they_are_written) {
  const auto url = split_server_url("postgresql://ann:p%40ss@db.example:5432/my%20shop?sslmode=require&a=b");
  ASSERT_TRUE(url) << url.error();
  EXPECT_EQ(url->authority, "ann:p%40ss@db.example:5432");
  EXPECT_EQ(url->database, "my%20shop");
  EXPECT_EQ(url->parameters, "sslmode=require&a=b");
}

TEST(ServerUrl, is_shown_without_password_and_parameters) {
  const auto shown = [](std::string_view url) { return split_server_url(url)->shown_as("x"); };
  EXPECT_EQ(shown("x://ann:secret@[::1]:5432/shop?password=secret"), "x://ann@[::1]:5432/shop");
  EXPECT_EQ(shown("x://ann@a:1,b:2/shop"), "x://ann@a:1,b:2/shop");
  EXPECT_EQ(shown("x://h:1/shop"), "x://h:1/shop");
  EXPECT_EQ(shown("x:///shop?host=/run"), "x:///shop");
}

TEST(ServerUrl, what_could_be_a_password_in_the_wrong_place_is_refused) {
  for (const char* password : {"se/cret", "se@cret", "se?cret", "se#cret", "se cret", "se'cret", "se\"cret",
                               "12/cret", "12?cret", "12/a?cret", "se%cret", "se%00cret", "secret%"}) {
    const auto url = split_server_url("x://ann:" + std::string(password) + "@host:5432/shop");
    ASSERT_FALSE(url) << password;
    EXPECT_TRUE(url.error().contains("percent-encode")) << url.error();
  }
}

TEST(ServerUrl, must_name_a_database) {
  for (const char* text : {"x://host", "x://host/", "x://host/?a=b", "x://host/a/b"}) {
    const auto url = split_server_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error(), "the URL names no database");
  }
}

}  // namespace
}  // namespace jammi::base
