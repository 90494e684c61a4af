#include "nn/torch/encoder.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "nn/testing.h"

namespace jammi::nn::torch {
namespace {

using testing::PackedBatch;
using testing::RandomModel;

constexpr Device kTorchCpu{Device::Kind::TorchCpu};
constexpr size_t kWidth = 24;

std::shared_ptr<const Encoder> load(const RandomModel& model, Precision precision = Precision::F32) {
  return Encoder::load(model.spec, model.names, model.source, precision, kTorchCpu);
}

std::vector<float> hidden_states(const Encoder& encoder, const PackedBatch& batch) {
  std::vector<float> out(batch.token_ids.size() * static_cast<size_t>(encoder.spec().hidden_size));
  encoder.make_worker()->hidden_states(batch.view(), out);
  return out;
}

std::vector<float> encode(const Encoder& encoder, const PackedBatch& batch, Pooling pooling,
                          bool normalize = false) {
  std::vector<float> out(batch.view().num_sequences() * kWidth);
  encoder.make_worker()->encode(batch.view(), pooling, normalize, out);
  return out;
}

/// Groups with padding and without, in no order.
PackedBatch close_lengths() {
  const int lengths[] = {30, 64, 31, 29, 1, 60, 33, 2, 30, 64};
  return testing::random_batch(lengths, 50, 31);
}

TEST(TorchEncoder, every_family_s_arithmetic_agrees_with_the_reference) {
  EncoderSpec bert = testing::tiny_spec();
  bert.max_positions = 700;
  for (const RandomModel& model : {RandomModel(bert, 1), testing::modern_bert(), testing::clip_text(),
                                   testing::mpnet(), testing::bart()}) {
    for (const PackedBatch& batch : {close_lengths(), testing::mixed_batch()}) {
      const std::vector<double> expected = testing::reference(model, batch);
      EXPECT_LT(testing::largest_difference(hidden_states(*load(model), batch), expected), 5e-5)
          << model.spec.max_positions;
      for (Precision precision : {Precision::Bf16, Precision::F16}) {
        const std::vector<float> actual = hidden_states(*load(model, precision), batch);
        // Of every single token's hidden state; a pooled vector is closer.
        EXPECT_GT(testing::smallest_cosine(actual, expected, kWidth), 0.998)
            << to_string(precision) << " " << model.spec.max_positions;
        EXPECT_GT(testing::largest_difference(actual, expected), 1e-4) << "must differ";
      }
    }
  }
}

TEST(TorchEncoder, every_activation_gated_or_not_agrees_with_the_reference) {
  using Activation = EncoderSpec::Activation;
  const PackedBatch batch = close_lengths();
  for (Activation activation :
       {Activation::Gelu, Activation::GeluTanh, Activation::QuickGelu, Activation::Relu}) {
    for (bool is_gated : {false, true}) {
      EncoderSpec spec = testing::tiny_spec();
      spec.activation = activation;
      spec.is_gated = is_gated;
      spec.position_offset = 2;
      spec.type_vocab_size = 0;
      spec.norm_epsilon = 1e-3f;
      const RandomModel model(spec, 9);
      EXPECT_LT(
          testing::largest_difference(hidden_states(*load(model), batch), testing::reference(model, batch)),
          5e-5)
          << static_cast<int>(activation) << is_gated;
    }
  }
}

TEST(TorchEncoder, causal_windowed_and_biased_attention_combine) {
  const PackedBatch batch = close_lengths();
  for (bool is_causal : {false, true}) {
    for (int64_t window : {0, 3, 40}) {
      for (int64_t buckets : {0, 16}) {
        EncoderSpec spec = testing::tiny_spec();
        spec.attention = {{.is_causal = is_causal, .window = window}};
        spec.relative_buckets = buckets;
        spec.relative_max_distance = 64;
        const RandomModel model(spec, 10);
        EXPECT_LT(
            testing::largest_difference(hidden_states(*load(model), batch), testing::reference(model, batch)),
            5e-5)
            << is_causal << " " << window << " " << buckets;
      }
    }
  }
}

TEST(TorchEncoder, a_sequence_gives_the_same_vector_alone_and_inside_any_batch) {
  const RandomModel model(testing::tiny_spec(), 3);
  const PackedBatch batch = close_lengths();
  for (Precision precision : {Precision::F32, Precision::Bf16, Precision::F16}) {
    const auto encoder = load(model, precision);
    const std::vector<float> together = encode(*encoder, batch, Pooling::Mean, true);
    const double tolerance = precision == Precision::F32 ? 1e-5 : 2e-2;
    for (size_t i = 0; i < batch.view().num_sequences(); ++i) {
      const std::vector<float> alone = encode(*encoder, batch.only(i), Pooling::Mean, true);
      for (size_t j = 0; j < kWidth; ++j) {
        EXPECT_NEAR(alone[j], together[i * kWidth + j], tolerance) << "sequence " << i;
      }
    }
  }
}

TEST(TorchEncoder, pools_and_normalises_as_the_cpu_does) {
  const RandomModel model(testing::tiny_spec(), 6);
  const auto ours = Encoder::load(model.spec, model.names, model.source, Precision::F32);
  const auto torch = load(model);
  const PackedBatch batch = close_lengths();
  for (Pooling pooling : {Pooling::Mean, Pooling::Cls, Pooling::Max, Pooling::Last, Pooling::EndOfText}) {
    for (bool normalize : {false, true}) {
      const std::vector<float> expected = encode(*ours, batch, pooling, normalize);
      const std::vector<float> actual = encode(*torch, batch, pooling, normalize);
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(actual[i], expected[i], 2e-5) << to_string(pooling) << normalize;
      }
    }
  }
}

TEST(TorchEncoder, encodes_images_as_the_reference_does) {
  for (const Pooling pooling : {Pooling::Cls, Pooling::MeanOfPatches}) {
    for (const bool pools_first : {false, true}) {
      EncoderSpec spec = testing::vision_spec();
      spec.pools_before_final_norm = pools_first;
      const RandomModel model(spec, 31);
      const std::vector<float> pixels = testing::random_images(spec, 5);
      const std::vector<double> expected = testing::reference_image_vectors(model, pixels, pooling);
      for (const Precision precision : {Precision::F32, Precision::Bf16, Precision::F16}) {
        std::vector<float> vectors(5 * kWidth);
        load(model, precision)->make_worker()->encode_images(pixels, pooling, false, vectors);
        EXPECT_GT(testing::smallest_cosine(vectors, expected, kWidth), 0.999)
            << to_string(precision) << " " << to_string(pooling) << pools_first;
        if (precision == Precision::F32) {
          EXPECT_LT(testing::largest_difference(vectors, expected), 5e-5);
        }
      }
    }
  }
}

TEST(TorchEncoder, refuses_images_where_it_reads_texts_and_texts_where_it_reads_images) {
  const auto images = load(RandomModel(testing::vision_spec(), 35));
  const auto texts = load(RandomModel(testing::tiny_spec(), 35));
  std::vector<float> out(kWidth);
  const std::vector<int32_t> ids{1}, offsets{0, 1};
  EXPECT_ERROR(ErrorCode::InvalidArgument, "the encoder reads images, not token ids",
               images->make_worker()->encode({ids, offsets}, Pooling::Cls, true, out));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "the encoder reads token ids, not images",
               texts->make_worker()->encode_images({}, Pooling::Cls, true, out));
  images->make_worker()->encode_images({}, Pooling::Cls, true, {});
}

TEST(TorchEncoder, workers_share_the_model_at_the_same_time) {
  const RandomModel model = testing::modern_bert();
  const auto encoder = load(model);
  const PackedBatch batch = close_lengths();
  const std::vector<float> expected = encode(*encoder, batch, Pooling::Mean);
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<float>& result : results) {
      threads.emplace_back([&] { result = encode(*encoder, batch, Pooling::Mean); });
    }
  }
  for (const std::vector<float>& result : results) EXPECT_EQ(result, expected);
}

TEST(TorchEncoder, an_empty_batch_writes_nothing) {
  const auto encoder = load(RandomModel(testing::tiny_spec(), 8));
  encoder->make_worker()->encode({}, Pooling::Mean, true, {});
  encoder->make_worker()->hidden_states({}, {});
}

TEST(TorchEncoder, refuses_batches_and_weights_that_it_cannot_compute) {
  RandomModel model(testing::tiny_spec(), 8);
  const auto encoder = load(model);
  std::vector<float> out(kWidth);
  const std::vector<int32_t> ids{1, 50}, offsets{0, 2};
  const auto worker = encoder->make_worker();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Token id outside the vocabulary of 50: 50",
               worker->encode({.token_ids = ids, .offsets = offsets}, Pooling::Mean, true, out));
  model.source.erase("layer.1.intermediate.weight");
  EXPECT_ERROR(ErrorCode::NotFound, "weight not found: layer.1.intermediate.weight in memory", load(model));
  model.spec.num_heads = 5;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder sizes do not fit together", load(model));
}

TEST(TorchEncoder, reports_what_it_holds_and_how_it_computes) {
  const RandomModel model(testing::tiny_spec(), 8);
  const auto encoder = load(model, Precision::F16);
  EXPECT_EQ(encoder->spec().hidden_size, 24);
  EXPECT_EQ(encoder->precision(), Precision::F16);
  EXPECT_EQ(encoder->kernel_name(), "torch:cpu");
  EXPECT_LT(encoder->weight_bytes(), load(model, Precision::F32)->weight_bytes());
}

}  // namespace
}  // namespace jammi::nn::torch
