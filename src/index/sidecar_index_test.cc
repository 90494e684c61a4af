#include "index/sidecar_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/testing.h"

namespace jammi::index {
namespace {

using storage::testing::make_rows;
using storage::testing::Rows;

constexpr uint32_t kDimensions = 8;
constexpr size_t kNumRows = 400;
constexpr const char* kExtensions[] = {"usearch", "rowmap", "vectors", "manifest.json"};

class SidecarIndexTest : public testing::StoreTest {
 protected:
  std::string file(const std::string& extension) const {
    return io::read_file(*files_, store_.file_path(table_.table_name, extension));
  }
  std::span<const float> query() const { return std::span(rows_.vectors).first(kDimensions); }

  /// What a user sees whatever the state of the sidecars.
  void expect_true_neighbors() {
    const auto index = open_vector_index(store_, table_, {.exact_below = 0});
    const auto neighbors = index->search(query(), 3);
    const auto expected = true_neighbors(rows_, query(), 3);
    ASSERT_EQ(neighbors.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(neighbors[i].row, expected[i]);
      EXPECT_EQ(neighbors[i].row_id, rows_.ids[expected[i]]);
    }
  }

  Rows rows_ = make_rows(kNumRows, kDimensions);
  ResultTableRecord table_ = write_table(rows_, kDimensions);
};

TEST_F(SidecarIndexTest, an_intact_sidecar_opens) {
  const auto opened = SidecarIndex::open(store_, table_);
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ((*opened)->size(), kNumRows);
}

TEST_F(SidecarIndexTest, any_missing_file_means_exact_search) {
  for (const char* extension : kExtensions) {
    const std::string content = file(extension);
    files_->remove(store_.file_path(table_.table_name, extension));
    EXPECT_FALSE(SidecarIndex::open(store_, table_)) << extension;
    expect_true_neighbors();
    put(table_, extension, content);
  }
  EXPECT_TRUE(SidecarIndex::open(store_, table_));
}

TEST_F(SidecarIndexTest, any_cut_file_is_refused) {
  for (const char* extension : kExtensions) {
    const std::string content = file(extension);
    for (size_t size = 0; size + 2 < content.size(); size += content.size() / 50 + 1) {
      put(table_, extension, content.substr(0, size));
      EXPECT_FALSE(SidecarIndex::open(store_, table_)) << extension << " cut to " << size;
    }
    put(table_, extension, content);
  }
}

TEST_F(SidecarIndexTest, no_damaged_byte_changes_a_result) {
  for (const char* extension : kExtensions) {
    const std::string content = file(extension);
    for (size_t i = 0; i < content.size(); i += 1 + content.size() / 300) {
      SCOPED_TRACE(std::string(extension) + " byte " + std::to_string(i));
      std::string damaged = content;
      damaged[i] = static_cast<char>(damaged[i] ^ 0xFF);
      put(table_, extension, damaged);
      expect_true_neighbors();
    }
    put(table_, extension, content);
  }
}

TEST_F(SidecarIndexTest, every_damaged_link_is_refused) {
  const std::string content = file("usearch");
  const size_t links = HnswGraph::links_offset(kNumRows, kDimensions);
  for (size_t i = links; i < content.size(); i += 13) {
    std::string damaged = content;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x80);
    put(table_, "usearch", damaged);
    EXPECT_FALSE(SidecarIndex::open(store_, table_)) << "byte " << i;
  }
}

TEST_F(SidecarIndexTest, the_sidecar_of_another_table_is_refused) {
  const ResultTableRecord other = write_table(make_rows(kNumRows + 1, kDimensions), kDimensions);
  for (const char* extension : kExtensions) {
    const std::string content = file(extension);
    put(table_, extension, io::read_file(*files_, store_.file_path(other.table_name, extension)));
    if (std::string(extension) != "manifest.json") {
      EXPECT_FALSE(SidecarIndex::open(store_, table_)) << extension;
      put(table_, extension, content);
    }
  }
  const auto opened = SidecarIndex::open(store_, table_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), ::testing::HasSubstr("another table"));
}

TEST_F(SidecarIndexTest, rebuilding_brings_a_removed_sidecar_back) {
  for (const char* extension : kExtensions) files_->remove(store_.file_path(table_.table_name, extension));
  rebuild_sidecars(store_, table_, 2);
  const auto opened = SidecarIndex::open(store_, table_);
  ASSERT_TRUE(opened) << opened.error();
  expect_true_neighbors();
}

TEST_F(SidecarIndexTest, rows_of_another_width_are_refused) {
  SidecarWriter writer(store_, "t", storage::testing::patents_definition(kDimensions));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Vector dimension mismatch: expected 8, got 4",
               writer.add(std::span(rows_.ids).first(2), std::span(rows_.vectors).first(8)));
}

TEST_F(SidecarIndexTest, an_unfinished_writer_leaves_no_file) {
  const auto before = files_->list("jammi_db");
  {
    SidecarWriter writer(store_, "t", storage::testing::patents_definition(kDimensions));
    writer.add(rows_.ids, rows_.vectors);
  }
  EXPECT_EQ(files_->list("jammi_db"), before);
}

}  // namespace
}  // namespace jammi::index
