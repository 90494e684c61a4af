#include "storage/result_store.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "io/local_file_system.h"
#include "storage/testing.h"

namespace jammi::storage {
namespace {

using ::testing::IsEmpty;
using testing::make_rows;
using testing::patents_definition;
using testing::Rows;

constexpr uint32_t kDimensions = 8;
const ResultStore::RebuildIndex kNoIndex = [](const ResultTableRecord&) {};

class ResultStoreTest : public ::testing::Test {
 protected:
  /// A second opening, as another process would make it.
  ResultStore reopen() const { return ResultStore(files_, root_, catalog_); }

  std::vector<std::string> names_in_root() const { return files_->list(root_); }

  jammi::testing::TemporaryDirectory directory_;
  std::shared_ptr<io::FileSystem> files_ = io::local_file_system();
  std::shared_ptr<catalog::Catalog> catalog_ = catalog::Catalog::open(directory_.path() / "catalog.db");
  std::string root_ = directory_.file("jammi_db");
  ResultStore store_{files_, root_, catalog_};
};

TEST_F(ResultStoreTest, a_finished_table_reads_back_as_written) {
  const Rows rows = make_rows(100, kDimensions);
  auto writer = store_.create(patents_definition(kDimensions), "11111111-1111-4111-8111-111111111111");
  writer->append(std::span(rows.ids).first(30), std::span(rows.vectors).first(30 * kDimensions));
  writer->append({}, {});
  writer->append(std::span(rows.ids).subspan(30), std::span(rows.vectors).subspan(30 * kDimensions));
  const ResultTableRecord table = writer->finish();

  EXPECT_EQ(table.status, ResultTableStatus::Ready);
  EXPECT_EQ(table.row_count, 100);
  EXPECT_EQ(table.dimensions, kDimensions);
  EXPECT_EQ(table.tenant_id, "11111111-1111-4111-8111-111111111111");
  EXPECT_EQ(table.index_path, root_ + "/" + table.table_name);
  EXPECT_THAT(names_in_root(), ::testing::ElementsAre(table.table_name + ".parquet"));
  auto reader = store_.open(table);
  EXPECT_EQ(reader->num_rows(), 100u);
  EXPECT_EQ(reader->definition().to_json(), patents_definition(kDimensions).to_json());
  const Rows back = testing::read_all(*reader);
  EXPECT_EQ(back.ids, rows.ids);
  EXPECT_EQ(back.vectors, rows.vectors);
}

TEST_F(ResultStoreTest, rows_beyond_one_row_group_read_back) {
  const Rows rows = make_rows(70'000, 2);
  auto writer = store_.create(patents_definition(2));
  for (size_t i = 0; i < rows.ids.size(); i += 10'000)
    writer->append(std::span(rows.ids).subspan(i, 10'000), std::span(rows.vectors).subspan(2 * i, 20'000));
  auto reader = store_.open(writer->finish());
  const Rows back = testing::read_all(*reader);
  EXPECT_EQ(back.ids, rows.ids);
  EXPECT_EQ(back.vectors, rows.vectors);
}

TEST_F(ResultStoreTest, a_table_without_rows_is_ready_and_readable) {
  const ResultTableRecord table = store_.create(patents_definition(kDimensions))->finish();
  EXPECT_EQ(table.row_count, 0);
  VectorBatch batch;
  EXPECT_FALSE(store_.open(table)->next(batch));
}

TEST_F(ResultStoreTest, a_table_is_seen_only_when_finished) {
  auto writer = store_.create(patents_definition(kDimensions));
  EXPECT_ERROR(ErrorCode::NotFound, "No ready embedding table",
               catalog_->result_tables().latest_ready_embedding("patents"));
  writer->seal();
  EXPECT_ERROR(ErrorCode::NotFound, "No ready embedding table",
               catalog_->result_tables().latest_ready_embedding("patents"));
  const std::string name = writer->finish().table_name;
  EXPECT_EQ(catalog_->result_tables().latest_ready_embedding("patents").table_name, name);
}

TEST_F(ResultStoreTest, an_unfinished_table_fails_and_leaves_no_file) {
  const Rows rows = make_rows(10, kDimensions);
  std::string name;
  {
    auto writer = store_.create(patents_definition(kDimensions));
    name = writer->table().table_name;
    writer->append(rows.ids, rows.vectors);
  }
  EXPECT_EQ(catalog_->result_tables().get(name).status, ResultTableStatus::Failed);
  EXPECT_THAT(names_in_root(), IsEmpty());
}

TEST_F(ResultStoreTest, refused_rows_are_not_added) {
  const Rows rows = make_rows(2, kDimensions);
  auto writer = store_.create(patents_definition(kDimensions));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "another width",
               writer->append(rows.ids, std::span(rows.vectors).first(kDimensions)));
  std::vector<float> with_nan = rows.vectors;
  with_nan.at(3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not finite", writer->append(rows.ids, with_nan));
  writer->append(rows.ids, rows.vectors);
  EXPECT_EQ(writer->finish().row_count, 2);
}

TEST_F(ResultStoreTest, tables_without_vectors_are_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "at least one dimension", store_.create(patents_definition(0)));
  TableDefinition ner = patents_definition(kDimensions);
  ner.task = ModelTask::Ner;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "task: ner", store_.create(ner));
  EXPECT_THAT(names_in_root(), IsEmpty());
}

TEST_F(ResultStoreTest, recovery_leaves_a_live_writer_alone) {
  const Rows rows = make_rows(10, kDimensions);
  auto writer = store_.create(patents_definition(kDimensions));
  writer->append(rows.ids, rows.vectors);
  const auto before = names_in_root();
  const auto recovery = reopen().recover(kNoIndex);
  EXPECT_EQ(recovery.num_failed + recovery.num_promoted, 0u);
  EXPECT_EQ(names_in_root(), before);
  EXPECT_EQ(writer->finish().row_count, 10);
}

TEST_F(ResultStoreTest, recovery_leaves_tables_in_other_directories_alone) {
  const std::string name = store_.create(patents_definition(kDimensions))->finish().table_name;
  catalog_->pool().lease()->execute("UPDATE result_tables SET status = 'building'");
  const auto recovery = ResultStore(files_, directory_.file("other"), catalog_).recover(kNoIndex);
  EXPECT_EQ(recovery.num_failed + recovery.num_promoted, 0u);
  EXPECT_EQ(ResultStore(files_, root_ + "/../jammi_db", catalog_).recover(kNoIndex).num_promoted, 1u);
}

TEST_F(ResultStoreTest, recovery_promotes_a_complete_table_and_rebuilds_its_index) {
  const Rows rows = make_rows(10, kDimensions);
  auto table = store_.create(patents_definition(kDimensions));
  table->append(rows.ids, rows.vectors);
  const ResultTableRecord ready = table->finish();
  auto lease = catalog_->pool().lease();
  lease->execute("UPDATE result_tables SET status = 'building', row_count = 0, completed_at = NULL");

  std::vector<std::string> rebuilt;
  const auto recovery =
      reopen().recover([&](const ResultTableRecord& building) { rebuilt.push_back(building.table_name); });
  EXPECT_EQ(recovery.num_promoted, 1u);
  EXPECT_THAT(rebuilt, ::testing::ElementsAre(ready.table_name));
  const ResultTableRecord recovered = catalog_->result_tables().get(ready.table_name);
  EXPECT_EQ(recovered.status, ResultTableStatus::Ready);
  EXPECT_EQ(recovered.row_count, 10);
  EXPECT_TRUE(recovered.completed_at);
}

TEST_F(ResultStoreTest, recovery_promotes_even_when_the_index_cannot_be_rebuilt) {
  const std::string name = store_.create(patents_definition(kDimensions))->finish().table_name;
  catalog_->pool().lease()->execute("UPDATE result_tables SET status = 'building'");
  const auto recovery = reopen().recover([](const ResultTableRecord&) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io, "no space left");
  });
  EXPECT_EQ(recovery.num_promoted, 1u);
  EXPECT_EQ(catalog_->result_tables().get(name).status, ResultTableStatus::Ready);
}

TEST_F(ResultStoreTest, recovery_fails_a_table_whose_file_is_damaged_or_missing) {
  const std::string damaged = store_.create(patents_definition(kDimensions))->finish().table_name;
  const std::string missing = store_.create(patents_definition(kDimensions))->finish().table_name;
  catalog_->pool().lease()->execute("UPDATE result_tables SET status = 'building'");
  const std::string text = io::read_file(*files_, store_.file_path(damaged, "parquet"));
  io::write_file_atomically(*files_, store_.file_path(damaged, "parquet"),
                            std::as_bytes(std::span(text).first(text.size() - 9)));
  io::write_file_atomically(*files_, store_.file_path(damaged, "usearch"), {});
  files_->remove(store_.file_path(missing, "parquet"));

  EXPECT_EQ(reopen().recover(kNoIndex).num_failed, 2u);
  EXPECT_EQ(catalog_->result_tables().get(damaged).status, ResultTableStatus::Failed);
  EXPECT_EQ(catalog_->result_tables().get(missing).status, ResultTableStatus::Failed);
  EXPECT_THAT(names_in_root(), IsEmpty());
}

TEST_F(ResultStoreTest, recovery_removes_only_what_dead_writers_left) {
  const ResultTableRecord table = store_.create(patents_definition(kDimensions))->finish();
  for (const char* leftover : {"/gone.parquet.tmp", "/gone.lock"})
    io::write_file_atomically(*files_, root_ + leftover, {});
  io::write_file_atomically(*files_, store_.file_path(table.table_name, "usearch"), {});
  io::write_file_atomically(*files_, store_.file_path(table.table_name, "vectors.tmp"), {});
  io::write_file_atomically(*files_, root_ + "/notes.txt", {});
  reopen().recover(kNoIndex);
  EXPECT_THAT(names_in_root(), ::testing::UnorderedElementsAre("notes.txt", table.table_name + ".parquet",
                                                               table.table_name + ".usearch"));
}

TEST_F(ResultStoreTest, removing_a_source_removes_its_tables_and_no_others) {
  const ResultTableRecord kept = [&] {
    TableDefinition papers = patents_definition(kDimensions);
    papers.source_id = "papers";
    return store_.create(papers)->finish();
  }();
  const ResultTableRecord removed = store_.create(patents_definition(kDimensions))->finish();
  io::write_file_atomically(*files_, store_.file_path(removed.table_name, "usearch"), {});
  store_.remove_tables_of("patents");
  EXPECT_THAT(names_in_root(), ::testing::ElementsAre(kept.table_name + ".parquet"));
  EXPECT_EQ(catalog_->result_tables().find(removed.table_name), std::nullopt);
  EXPECT_EQ(catalog_->result_tables().get(kept.table_name).status, ResultTableStatus::Ready);
}

TEST_F(ResultStoreTest, removing_a_source_makes_its_writers_fail_without_a_trace) {
  auto writer = store_.create(patents_definition(kDimensions));
  store_.remove_tables_of("patents");
  EXPECT_ERROR(ErrorCode::Conflict, "removed while it was being written", writer->finish());
  writer.reset();
  EXPECT_THAT(names_in_root(), IsEmpty());
}

}  // namespace
}  // namespace jammi::storage
