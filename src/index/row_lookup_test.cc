#include "index/row_lookup.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace jammi::index {
namespace {

RowMap map_of(const std::vector<std::string>& ids) {
  std::string bytes;
  append_row_map_header(bytes);
  for (const std::string& id : ids) append_row_map_entry(bytes, id);
  io::MemoryFileSystem files;
  files.create("m")->append(std::as_bytes(std::span(bytes)));
  return RowMap(files.map("m"), ids.size());
}

/// The rows found for `asked`, ids given one after the other.
std::vector<uint64_t> find(const std::vector<std::string>& ids, const std::vector<std::string>& asked) {
  const RowMap map = map_of(ids);
  const RowLookup lookup(map, ids.size());
  RowSet rows(ids.size());
  RowLookup::Collector collector(lookup, rows);
  for (const std::string& id : asked) collector.add(id);
  std::vector<uint64_t> found;
  rows.for_each(0, ids.size(), [&](uint64_t row) { found.push_back(row); });
  EXPECT_EQ(rows.size(), found.size());
  return found;
}

std::vector<std::string> numbers(size_t n) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < n; ++i) ids.push_back(std::to_string(i * 7));
  return ids;
}

TEST(RowLookup, finds_ids_in_any_order) {
  const std::vector<std::string> ids = {"a", "b", "", "d", "e", "f", "g", "h"};
  EXPECT_THAT(find(ids, {"a", "d", "h"}), ::testing::ElementsAre(0, 3, 7));
  EXPECT_THAT(find(ids, {"h", "", "a"}), ::testing::ElementsAre(0, 2, 7));
  EXPECT_THAT(find(ids, {"b", "b"}), ::testing::ElementsAre(1));
}

TEST(RowLookup, ids_that_are_not_there_add_nothing) {
  EXPECT_TRUE(find({"a", "b"}, {"c", "", "ab"}).empty());
  EXPECT_TRUE(find({}, {"a"}).empty());
}

TEST(RowLookup, finds_every_one_of_many_rows) {
  const std::vector<std::string> ids = numbers(10'000);
  EXPECT_EQ(find(ids, ids).size(), ids.size());
  EXPECT_EQ(find(ids, {ids.rbegin(), ids.rend()}).size(), ids.size());
}

TEST(RowLookup, an_id_of_several_rows_finds_them_all) {
  EXPECT_THAT(find({"a", "b", "a", "c", "b", "a"}, {"a"}), ::testing::ElementsAre(0, 2, 5));
  EXPECT_THAT(find({"a", "b", "a", "c", "b", "a"}, {"b", "a", "b"}), ::testing::ElementsAre(0, 1, 2, 4, 5));
}

TEST(RowLookup, one_id_for_all_rows_takes_no_quadratic_time) {
  const std::vector<std::string> ids(200'000, "same");
  EXPECT_EQ(find(ids, ids).size(), ids.size());
}

}  // namespace
}  // namespace jammi::index
