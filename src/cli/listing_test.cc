#include "cli/listing.h"

#include <sstream>

#include <gtest/gtest.h>

namespace jammi::cli {
namespace {

std::string printed(const Listing& listing, OutputFormat format = OutputFormat::Table) {
  std::ostringstream out;
  print_listing(listing, format, out);
  return out.str();
}

Listing sources(std::vector<std::vector<std::string>> rows) {
  return {.columns = {{"Name", "name", 8}, {"Type", "type", 6}, {"Created", "created_at"}},
          .rows = std::move(rows),
          .rule_width = 12,
          .empty_message = "No sources registered."};
}

TEST(Listing, fields_are_padded_by_characters_and_never_cut) {
  EXPECT_EQ(printed(sources({{"日本", "File", "today"}, {"a_very_long_name", "File", "now"}})),
            "Name     Type   Created\n"
            "------------\n"
            "日本       File   today\n"
            "a_very_long_name File   now\n");
}

TEST(Listing, an_empty_one_says_so) {
  EXPECT_EQ(printed(sources({})), "No sources registered.\n");
}

TEST(Listing, widths_and_rule_follow_the_content_unless_given) {
  EXPECT_EQ(
      printed(
          {.columns = {{"A", "a"}, {"B", "b"}}, .rows = {{"xxx", "y"}, {"x", "yyyy"}}, .empty_message = ""}),
      "A   B\n"
      "--------\n"
      "xxx y\n"
      "x   yyyy\n");
}

TEST(Listing, other_formats_use_the_keys) {
  EXPECT_EQ(printed(sources({{"p", "File", "now"}}), OutputFormat::Json),
            "{\"name\":\"p\",\"type\":\"File\",\"created_at\":\"now\"}\n");
  EXPECT_EQ(printed(sources({{"p", "File", "now"}}), OutputFormat::Csv),
            "name,type,created_at\np,File,now\n");
  EXPECT_EQ(printed(sources({}), OutputFormat::Json), "");
}

}  // namespace
}  // namespace jammi::cli
