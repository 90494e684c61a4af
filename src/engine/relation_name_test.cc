#include "engine/relation_name.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::engine {
namespace {

TEST(RelationName, has_three_parts_of_which_each_may_be_quoted) {
  EXPECT_EQ(parse_relation_name("patents.public.t"), (RelationName{"patents", "t"}));
  EXPECT_EQ(parse_relation_name("\"my.source\".public.\"a \"\"b\"\"\""),
            (RelationName{"my.source", "a \"b\""}));
  EXPECT_EQ(parse_relation_name("\"patents\".\"public\".t-1"), (RelationName{"patents", "t-1"}));
}

TEST(RelationName, refuses_whatever_else_is_written) {
  for (const char* text :
       {"", "patents", "patents.t", "patents.other.t", "patents.public.", ".public.t", "patents.public.t.x",
        "patents.public.t; SELECT 1", "patents.public.t WHERE 1", "(SELECT 1)", "/etc/passwd", "'a'.public.t",
        "\"patents.public.t", "\"\".public.t", "\"a\"b.public.t", "a..t", "patents.public.t\n"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument,
                 "must be written '<source>.public.<table>', not: " + std::string(text),
                 parse_relation_name(text));
  }
}

}  // namespace
}  // namespace jammi::engine
