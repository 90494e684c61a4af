#include "db/channel_merge.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/testing.h"
#include "sql/testing.h"

namespace jammi {
namespace {

using enum ChannelColumnType;
using sql::testing::read_rows;
using sql::testing::Row;
using ::testing::ElementsAre;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> array(std::initializer_list<Value> values) {
  Builder builder;
  for (const Value& value : values) throw_if_error(builder.Append(value));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> texts(std::initializer_list<const char*> values) {
  return array<arrow::StringBuilder>(values);
}
std::shared_ptr<arrow::Array> floats(std::initializer_list<float> values) {
  return array<arrow::FloatBuilder>(values);
}
std::shared_ptr<arrow::Array> integers(std::initializer_list<int32_t> values) {
  return array<arrow::Int32Builder>(values);
}

std::shared_ptr<arrow::RecordBatch> batch(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, values] : columns) {
    fields.push_back(arrow::field(name, values->type()));
    arrays.push_back(values);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

/// A database with the channels scored_by (priority 3: ranker Utf8, rank_score Float32) and first (0: grade
/// Int32).
class MergeChannelsTest : public ::testing::Test {
 protected:
  MergeChannelsTest() {
    Config config = default_config();
    config.artifact_dir = directory_.path();
    database_ = Database::open(config);
    database_->register_channel("scored_by", 3, {{"ranker", Utf8}, {"rank_score", Float32}});
    database_->register_channel("first", 0, {{"grade", Int32}});
  }

  std::shared_ptr<arrow::RecordBatch> merge_one(std::shared_ptr<arrow::RecordBatch> rows,
                                                std::vector<std::string> participating,
                                                std::vector<ChannelContribution> contributions) {
    return merge_channels(*database_, {std::move(rows)},
                          {.participating = std::move(participating),
                           .retrieved_by = {"vector"},
                           .annotated_by = {},
                           .contributions = {std::move(contributions)}})
        .at(0);
  }

  /// All cells, read by way of SQL.
  std::vector<Row> cells(const std::shared_ptr<arrow::RecordBatch>& rows) {
    auto table = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
    return read_rows(*database_->sql_with_relations("SELECT * FROM merged", {{"merged", table}}));
  }

  ChannelContribution scores() const { return {"scored_by", {texts({"bm25", "llm"}), floats({0.5, 0.25})}}; }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  const std::shared_ptr<arrow::RecordBatch> hits_ =
      batch({{"similarity", floats({0.75, 0.5})}, {"title", texts({"Alpha", "Beta"})}});
};

TEST_F(MergeChannelsTest, columns_come_behind_the_batch_by_priority_and_as_declared) {
  auto merged = merge_channels(*database_, {hits_},
                               {.participating = {"scored_by", "vector", "first"},
                                .retrieved_by = {"vector", "scored_by"},
                                .annotated_by = {"first"},
                                .contributions = {{scores(), {"first", {integers({7, 8})}}}}});
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_THAT(merged[0]->schema()->field_names(), ElementsAre("title", "retrieved_by", "annotated_by",
                                                              "grade", "similarity", "ranker", "rank_score"));
  EXPECT_THAT(cells(merged[0]),
              ElementsAre(Row{"Alpha", "[vector, scored_by]", "[first]", "7", "0.75", "bm25", "0.5"},
                          Row{"Beta", "[vector, scored_by]", "[first]", "8", "0.5", "llm", "0.25"}));
}

TEST_F(MergeChannelsTest, lists_of_channels_are_never_null_and_their_items_are_named_item) {
  const auto schema = merge_one(hits_, {}, {})->schema();
  EXPECT_EQ(schema->GetFieldByName("annotated_by")->ToString(), "annotated_by: list<item: string> not null");
  EXPECT_EQ(schema->GetFieldByName("retrieved_by")->ToString(), "retrieved_by: list<item: string> not null");
}

TEST_F(MergeChannelsTest, a_channel_without_a_contribution_is_null) {
  auto merged = merge_channels(*database_, {hits_, hits_},
                               {.participating = {"scored_by"},
                                .retrieved_by = {},
                                .annotated_by = {},
                                .contributions = {{}, {scores()}}});
  EXPECT_TRUE(merged[0]->schema()->Equals(merged[1]->schema()));
  EXPECT_THAT(cells(merged[0]), ElementsAre(Row{"0.75", "Alpha", "[]", "[]", "NULL", "NULL"},
                                            Row{"0.5", "Beta", "[]", "[]", "NULL", "NULL"}));
  EXPECT_THAT(cells(merged[1])[1], ElementsAre("0.5", "Beta", "[]", "[]", "llm", "0.25"));
}

TEST_F(MergeChannelsTest, a_merged_batch_can_be_merged_again) {
  auto once = merge_one(hits_, {"scored_by"}, {scores()});
  auto twice = merge_one(once, {"vector", "scored_by", "first"}, {{"first", {integers({7, 8})}}});
  EXPECT_THAT(cells(twice)[0], ElementsAre("Alpha", "[vector]", "[]", "7", "0.75", "bm25", "0.5"));
}

TEST_F(MergeChannelsTest, channels_of_one_priority_keep_the_order_they_are_given_in) {
  database_->register_channel("also", 3, {{"also", Utf8}});
  EXPECT_THAT(
      merge_one(hits_, {"scored_by", "also", "scored_by"}, {})->schema()->field_names(),
      ElementsAre("similarity", "title", "retrieved_by", "annotated_by", "ranker", "rank_score", "also"));
  EXPECT_THAT(
      merge_one(hits_, {"also", "scored_by"}, {})->schema()->field_names(),
      ElementsAre("similarity", "title", "retrieved_by", "annotated_by", "also", "ranker", "rank_score"));
}

TEST_F(MergeChannelsTest, arrays_are_not_copied) {
  const ChannelContribution contribution = scores();
  auto merged = merge_one(hits_, {"scored_by"}, {contribution});
  EXPECT_EQ(merged->GetColumnByName("rank_score")->data()->buffers[1],
            contribution.columns[1]->data()->buffers[1]);
  EXPECT_EQ(merged->GetColumnByName("title")->data()->buffers[2], hits_->column(1)->data()->buffers[2]);
}

TEST_F(MergeChannelsTest, a_batch_without_rows_gets_the_columns) {
  auto merged = merge_one(hits_->Slice(0, 0), {"scored_by"}, {{"scored_by", {texts({}), floats({})}}});
  EXPECT_EQ(merged->num_rows(), 0);
  EXPECT_NE(merged->GetColumnByName("rank_score"), nullptr);
}

TEST_F(MergeChannelsTest, contributions_need_one_entry_per_batch) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "contributions length 0 does not match batches length 1",
               merge_channels(*database_, {hits_}, {}));
  EXPECT_TRUE(merge_channels(*database_, {}, {}).empty());
}

TEST_F(MergeChannelsTest, channels_that_are_not_registered_are_named) {
  EXPECT_ERROR(ErrorCode::NotFound, "channel 'bm25': not registered", merge_one(hits_, {"bm25"}, {}));
  for (const ChannelMerge& merge : {ChannelMerge{{}, {"bm25"}, {}, {}}, ChannelMerge{{}, {}, {"bm25"}, {}}}) {
    EXPECT_ERROR(ErrorCode::NotFound, "channel 'bm25': not registered",
                 merge_channels(*database_, {}, merge));
  }
}

TEST_F(MergeChannelsTest, contributions_that_do_not_fit_say_where) {
  const auto refused = [this](const std::string& message, std::vector<ChannelContribution> contributions) {
    try {
      merge_channels(*database_, {hits_, hits_},
                     {.participating = {"scored_by"},
                      .retrieved_by = {},
                      .annotated_by = {},
                      .contributions = {{}, std::move(contributions)}});
      ADD_FAILURE() << "not refused: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), message);
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
      EXPECT_EQ(error.category(), ErrorCategory::Channel);
    }
  };
  refused("channel 'scored_by': duplicate contribution on batch 1", {scores(), scores()});
  refused("batch 1: contribution for channel 'first' is not in the participating set",
          {{"first", {integers({1, 2})}}});
  refused("batch 1: channel 'scored_by' contribution has 1 columns, expected 2",
          {{"scored_by", {texts({"a", "b"})}}});
  refused("batch 1: channel 'scored_by' column 'rank_score' has 1 rows, expected 2",
          {{"scored_by", {texts({"a", "b"}), floats({1})}}});
  refused(
      "batch 1: channel 'scored_by' column 'rank_score' has dtype Int32, expected Float32 (column index 1)",
      {{"scored_by", {texts({"a", "b"}), integers({1, 2})}}});
}

TEST_F(MergeChannelsTest, columns_are_never_overwritten_or_doubled) {
  const auto with_ranker = batch({{"ranker", texts({"a", "b"})}});
  EXPECT_ERROR(ErrorCode::AlreadyExists,
               "batch 0: channel 'scored_by': the rows have a column 'ranker' already; drop or rename it",
               merge_one(with_ranker, {"scored_by"}, {scores()}));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "batch 0: channel 'scored_by': column 'ranker' of the rows has dtype Int32, expected Utf8",
               merge_one(batch({{"ranker", integers({1, 2})}}), {"scored_by"}, {}));
  const auto doubled = batch({{"ranker", texts({"a", "b"})}, {"ranker", texts({"c", "d"})}});
  EXPECT_ERROR(ErrorCode::AlreadyExists, "the rows have more than one column 'ranker'",
               merge_one(doubled, {"scored_by"}, {}));
  database_->register_channel("rival", 4, {{"ranker", Utf8}});
  EXPECT_ERROR(ErrorCode::AlreadyExists,
               "channel 'rival': channel 'scored_by', which takes part too, also declares column 'ranker'",
               merge_one(hits_, {"rival", "scored_by"}, {}));
}

}  // namespace
}  // namespace jammi
