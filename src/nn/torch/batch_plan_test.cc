#include "nn/torch/batch_plan.h"

#include <initializer_list>
#include <optional>

#include <gtest/gtest.h>

#include "nn/testing.h"

namespace jammi::nn::torch {
namespace {

using testing::PackedBatch;
using Indices = std::vector<int32_t>;

BatchPlan plan(const PackedBatch& batch) {
  return plan_batch(testing::tiny_spec(), batch.view(), std::nullopt);
}

PackedBatch with_lengths(std::initializer_list<int> lengths) {
  return testing::random_batch(lengths, 50, 1);
}

TEST(BatchPlan, groups_sequences_of_one_length_without_padding) {
  const BatchPlan planned = plan(with_lengths({2, 3, 2}));
  ASSERT_EQ(planned.groups.size(), 2);
  EXPECT_EQ(planned.groups[0].lengths, (Indices{3}));
  EXPECT_EQ(planned.groups[1].lengths, (Indices{2, 2}));
  EXPECT_FALSE(planned.groups[0].has_padding());
  EXPECT_FALSE(planned.groups[1].has_padding());
  EXPECT_EQ(planned.grouped_rows, (Indices{2, 3, 4, 0, 1, 5, 6}));
  EXPECT_EQ(planned.places, (Indices{3, 4, 0, 1, 2, 5, 6}));
}

TEST(BatchPlan, pads_nearly_equal_lengths_with_the_last_token) {
  const BatchPlan planned = plan(with_lengths({7, 8}));
  ASSERT_EQ(planned.groups.size(), 1);
  EXPECT_EQ(planned.groups[0].length, 8);
  EXPECT_EQ(planned.groups[0].lengths, (Indices{8, 7}));
  EXPECT_TRUE(planned.groups[0].has_padding());
  EXPECT_EQ(planned.grouped_rows, (Indices{7, 8, 9, 10, 11, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 6}));
}

TEST(BatchPlan, finds_every_row_again_and_pads_at_most_an_eighth) {
  const PackedBatch batch = with_lengths({64, 1, 57, 56, 55, 33, 9, 8, 7, 80, 30, 29, 28, 1, 71, 70});
  const BatchPlan planned = plan(batch);
  ASSERT_EQ(planned.places.size(), batch.token_ids.size());
  for (size_t row = 0; row < planned.places.size(); ++row) {
    EXPECT_EQ(planned.grouped_rows[static_cast<size_t>(planned.places[row])], static_cast<int32_t>(row));
  }
  size_t num_rows = 0;
  for (const SequenceGroup& group : planned.groups) {
    EXPECT_GE(group.lengths.back(), group.length - group.length / 8);
    num_rows += static_cast<size_t>(group.num_sequences() * group.length);
  }
  EXPECT_EQ(planned.grouped_rows.size(), num_rows);
}

TEST(BatchPlan, counts_positions_from_the_offset_without_padding_tokens) {
  EncoderSpec spec = testing::tiny_spec();
  spec.position_offset = 2;
  spec.padding_id = 1;
  PackedBatch batch;
  batch.add(Indices{5, 1, 6});
  batch.add(Indices{7});
  EXPECT_EQ(plan_batch(spec, batch.view(), std::nullopt).position_ids, (Indices{2, 1, 3, 2}));
}

TEST(BatchPlan, shifts_what_a_decoder_reads_by_one_token) {
  EncoderSpec spec = testing::tiny_spec();
  spec.position_offset = 2;
  spec.decoder = {.num_layers = 1, .start_id = 4};
  PackedBatch batch;
  batch.add(Indices{5, 1, 6});
  batch.add(Indices{7});
  const BatchPlan planned = plan_batch(spec, batch.view(), std::nullopt);
  EXPECT_EQ(planned.decoder_ids, (Indices{4, 5, 1, 4}));
  EXPECT_EQ(planned.decoder_position_ids, (Indices{2, 3, 4, 2}));
  EXPECT_TRUE(plan(batch).decoder_ids.empty());
}

TEST(BatchPlan, takes_images_for_sequences_of_one_length) {
  EncoderSpec spec = testing::tiny_spec();
  spec.vocab_size = 0;
  spec.image_size = 10;
  spec.patch_size = 5;
  const Indices offsets{0, 5, 10};
  const BatchPlan planned = plan_batch(spec, {.token_ids = {}, .offsets = offsets}, Pooling::Cls);
  EXPECT_TRUE(planned.position_ids.empty());
  ASSERT_EQ(planned.groups.size(), 1);
  EXPECT_EQ(planned.groups[0].lengths, (Indices{5, 5}));
  EXPECT_EQ(planned.pooled_tokens, (Indices{0, 5}));
}

TEST(BatchPlan, names_the_tokens_of_pooling_that_takes_one) {
  PackedBatch batch;
  batch.add(Indices{5, 9, 6});
  batch.add(Indices{7});
  const auto tokens = [&](Pooling pooling) {
    return plan_batch(testing::tiny_spec(), batch.view(), pooling).pooled_tokens;
  };
  EXPECT_EQ(tokens(Pooling::Cls), (Indices{0, 3}));
  EXPECT_EQ(tokens(Pooling::Last), (Indices{2, 3}));
  EXPECT_EQ(tokens(Pooling::EndOfText), (Indices{1, 3}));
  EXPECT_EQ(tokens(Pooling::Mean), Indices{});
}

}  // namespace
}  // namespace jammi::nn::torch
