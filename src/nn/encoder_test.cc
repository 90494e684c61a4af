#include "nn/encoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "nn/batch.h"
#include "nn/cpu/encoder.h"
#include "nn/testing.h"

namespace jammi::nn {
namespace {

using testing::bart;
using testing::clip_text;
using testing::largest_difference;
using testing::mixed_batch;
using testing::modern_bert;
using testing::mpnet;
using testing::PackedBatch;
using testing::random_images;
using testing::RandomModel;
using testing::reference;
using testing::smallest_cosine;
using testing::tiny_spec;
using testing::vision_spec;

std::vector<cpu::Isa> available_isas() {
  std::vector<cpu::Isa> isas;
  for (cpu::Isa isa : cpu::kIsas) {
    if (cpu::is_available(isa)) isas.push_back(isa);
  }
  return isas;
}

/// Every way in which this CPU can compute in `precision`.
std::vector<cpu::Options> available_options(Precision precision) {
  std::vector<cpu::Options> all;
  for (cpu::Isa isa : available_isas()) {
    all.push_back({.isa = isa, .uses_onednn = false});
    if (precision == Precision::F32 || (precision == Precision::Bf16 && cpu::has_bf16_products()))
      all.push_back({.isa = isa, .uses_onednn = true});
  }
  return all;
}

std::shared_ptr<const Encoder> load(const RandomModel& model, Precision precision = Precision::F32,
                                    const cpu::Options& options = {}) {
  return cpu::load_encoder(model.spec, model.names, model.source, precision, options);
}

std::vector<float> hidden_states(const Encoder& encoder, const PackedBatch& batch) {
  std::vector<float> out(batch.token_ids.size() * static_cast<size_t>(encoder.spec().hidden_size));
  encoder.make_worker()->hidden_states(batch.view(), out);
  return out;
}

std::vector<float> encode(EncoderWorker& worker, const PackedBatch& batch, size_t width, Pooling pooling,
                          bool normalize) {
  std::vector<float> out(batch.view().num_sequences() * width);
  worker.encode(batch.view(), pooling, normalize, out);
  return out;
}

struct Shape {
  int64_t hidden_size, num_heads, intermediate_size, num_layers;
};

/// Odd sizes, sizes below one vector, and inner dimensions of more than one depth block.
constexpr Shape kShapes[] = {{4, 1, 3, 1},    {15, 3, 31, 2},   {24, 3, 40, 3},   {64, 1, 129, 1},
                             {100, 5, 72, 1}, {132, 3, 500, 2}, {400, 10, 800, 1}};

TEST(Encoder, f32_agrees_with_the_double_precision_reference_for_every_shape_and_kernel) {
  const int lengths[] = {1, 2, 7, 70, 5, 16, 33, 64};
  uint32_t seed = 1;
  for (const Shape& shape : kShapes) {
    EncoderSpec spec = tiny_spec();
    spec.hidden_size = shape.hidden_size;
    spec.num_heads = shape.num_heads;
    spec.intermediate_size = shape.intermediate_size;
    spec.num_layers = shape.num_layers;
    const RandomModel model(spec, ++seed);
    const PackedBatch batch = testing::random_batch(lengths, spec.vocab_size, seed);
    const std::vector<double> expected = reference(model, batch);
    for (const cpu::Options& options : available_options(Precision::F32)) {
      const auto encoder = load(model, Precision::F32, options);
      EXPECT_LT(largest_difference(hidden_states(*encoder, batch), expected), 2e-5)
          << encoder->kernel_name() << " hidden " << shape.hidden_size;
    }
  }
}

void expect_rounded_but_close(Precision precision, double least_cosine) {
  const int lengths[] = {1, 70, 5, 16, 33};
  uint32_t seed = 100;
  for (const Shape& shape : kShapes) {
    EncoderSpec spec = tiny_spec();
    spec.hidden_size = shape.hidden_size;
    spec.num_heads = shape.num_heads;
    spec.intermediate_size = shape.intermediate_size;
    spec.num_layers = shape.num_layers;
    const RandomModel model(spec, ++seed);
    const PackedBatch batch = testing::random_batch(lengths, spec.vocab_size, seed);
    const std::vector<double> expected = reference(model, batch);
    for (const cpu::Options& options : available_options(precision)) {
      const auto encoder = load(model, precision, options);
      SCOPED_TRACE(encoder->kernel_name() + " hidden " + std::to_string(shape.hidden_size));
      const std::vector<float> actual = hidden_states(*encoder, batch);
      EXPECT_GT(smallest_cosine(actual, expected, static_cast<size_t>(spec.hidden_size)), least_cosine);
      EXPECT_GT(largest_difference(actual, expected), 1e-4) << "must differ from f32";
    }
  }
}

TEST(Encoder, bf16_stays_close_to_the_reference_for_every_shape_and_kernel) {
  expect_rounded_but_close(Precision::Bf16, 0.999);
}

TEST(Encoder, int8_stays_close_to_the_reference_for_every_shape_and_kernel) {
  expect_rounded_but_close(Precision::Int8, 0.99);
}

TEST(Encoder, int8_takes_a_quarter_of_the_memory_and_only_this_library_s_kernels) {
  EncoderSpec spec = tiny_spec();
  spec.hidden_size = 384;
  spec.intermediate_size = 1536;
  const RandomModel model(spec, 5);
  EXPECT_LT(load(model, Precision::Int8)->weight_bytes(), load(model, Precision::F32)->weight_bytes() * 0.27);
  EXPECT_ERROR(ErrorCode::Unsupported, "int8 is not computed through oneDNN",
               load(model, Precision::Int8, {.uses_onednn = true}));
}

TEST(Encoder, every_activation_and_position_offset_agrees_with_the_reference) {
  using Activation = EncoderSpec::Activation;
  const int lengths[] = {9, 30};
  for (Activation activation :
       {Activation::Gelu, Activation::GeluTanh, Activation::QuickGelu, Activation::Relu}) {
    EncoderSpec spec = tiny_spec();
    spec.activation = activation;
    spec.position_offset = 2;
    spec.type_vocab_size = 0;
    spec.norm_epsilon = 1e-3f;
    const RandomModel model(spec, 9);
    const PackedBatch batch = testing::random_batch(lengths, spec.vocab_size, 9);
    const std::vector<double> expected = reference(model, batch);
    for (const cpu::Options& options : available_options(Precision::F32)) {
      const auto encoder = load(model, Precision::F32, options);
      EXPECT_LT(largest_difference(hidden_states(*encoder, batch), expected), 2e-5) << encoder->kernel_name();
    }
  }
}

TEST(Encoder, every_family_s_arithmetic_agrees_with_the_reference) {
  const PackedBatch batch = mixed_batch();
  for (const RandomModel& model : {modern_bert(), clip_text(), mpnet(), bart()}) {
    const std::vector<double> expected = reference(model, batch);
    for (const cpu::Options& options : available_options(Precision::F32)) {
      const auto encoder = load(model, Precision::F32, options);
      EXPECT_LT(largest_difference(hidden_states(*encoder, batch), expected), 5e-5)
          << encoder->kernel_name() << " " << model.spec.max_positions;
    }
    for (const cpu::Options& options : available_options(Precision::Bf16)) {
      const auto encoder = load(model, Precision::Bf16, options);
      // Of every single token's hidden state; a pooled vector is closer.
      EXPECT_GT(smallest_cosine(hidden_states(*encoder, batch), expected, 24), 0.998)
          << encoder->kernel_name() << " " << model.spec.max_positions;
    }
    for (const cpu::Options& options : available_options(Precision::Int8)) {
      const auto encoder = load(model, Precision::Int8, options);
      EXPECT_GT(smallest_cosine(hidden_states(*encoder, batch), expected, 24), 0.99)
          << encoder->kernel_name() << " " << model.spec.max_positions;
    }
  }
}

TEST(Encoder, a_causal_token_does_not_see_what_follows) {
  const RandomModel model = clip_text();
  const auto encoder = load(model);
  const int lengths[] = {9};
  PackedBatch batch = testing::random_batch(lengths, 50, 24);
  const std::vector<float> before = hidden_states(*encoder, batch);
  batch.token_ids.back() = (batch.token_ids.back() + 1) % 50;
  const std::vector<float> after = hidden_states(*encoder, batch);
  const size_t end_of_common = 8 * 24;
  EXPECT_EQ(std::vector(before.begin(), before.begin() + end_of_common),
            std::vector(after.begin(), after.begin() + end_of_common));
  EXPECT_NE(before, after);
}

TEST(Encoder, a_sequence_gives_the_same_vector_alone_and_inside_any_batch) {
  const RandomModel model(tiny_spec(), 3);
  const int lengths[] = {12, 1, 70, 33, 8, 2, 64, 64, 65, 7};
  const PackedBatch batch = testing::random_batch(lengths, 50, 3);
  for (Precision precision : {Precision::F32, Precision::Bf16, Precision::Int8}) {
    for (const cpu::Options& options : available_options(precision)) {
      const auto encoder = load(model, precision, options);
      const auto worker = encoder->make_worker();
      const std::vector<float> together = encode(*worker, batch, 24, Pooling::Mean, true);
      for (size_t i = 0; i < std::size(lengths); ++i) {
        const std::vector<float> alone = encode(*worker, batch.only(i), 24, Pooling::Mean, true);
        for (size_t j = 0; j < 24; ++j) {
          EXPECT_NEAR(alone[j], together[i * 24 + j], 1e-5)
              << "sequence " << i << " " << encoder->kernel_name();
        }
      }
    }
  }
}

TEST(Encoder, workers_share_weights_and_agree_whatever_they_computed_before) {
  const RandomModel model(tiny_spec(), 4);
  const auto encoder = load(model);
  const auto used = encoder->make_worker();
  const auto fresh = encoder->make_worker();
  const int long_lengths[] = {70, 70, 70};
  encode(*used, testing::random_batch(long_lengths, 50, 1), 24, Pooling::Mean, true);
  const int lengths[] = {5, 11};
  const PackedBatch batch = testing::random_batch(lengths, 50, 2);
  EXPECT_EQ(encode(*used, batch, 24, Pooling::Mean, true), encode(*fresh, batch, 24, Pooling::Mean, true));
}

TEST(Encoder, pooling_takes_the_mean_the_first_or_the_largest_of_the_hidden_states) {
  const RandomModel model(tiny_spec(), 6);
  const auto encoder = load(model);
  const auto worker = encoder->make_worker();
  const int lengths[] = {4, 1, 19};
  const PackedBatch batch = testing::random_batch(lengths, 50, 6);
  const std::vector<float> hidden = hidden_states(*encoder, batch);
  const std::vector<float> mean = encode(*worker, batch, 24, Pooling::Mean, false);
  const std::vector<float> cls = encode(*worker, batch, 24, Pooling::Cls, false);
  const std::vector<float> max = encode(*worker, batch, 24, Pooling::Max, false);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 24; ++j) {
      double total = 0;
      float largest = -INFINITY;
      for (int32_t token = batch.offsets[i]; token < batch.offsets[i + 1]; ++token) {
        total += hidden[token * 24 + j];
        largest = std::max(largest, hidden[token * 24 + j]);
      }
      EXPECT_NEAR(mean[i * 24 + j], total / lengths[i], 1e-6);
      EXPECT_EQ(cls[i * 24 + j], hidden[batch.offsets[i] * 24 + j]);
      EXPECT_EQ(max[i * 24 + j], largest);
    }
  }
}

TEST(Encoder, pooling_takes_the_last_token_or_the_first_with_the_largest_id) {
  const RandomModel model(tiny_spec(), 6);
  const auto encoder = load(model);
  const auto worker = encoder->make_worker();
  PackedBatch batch;
  batch.add(std::vector<int32_t>{7, 49, 3, 49, 5});
  batch.add(std::vector<int32_t>{2});
  const std::vector<float> hidden = hidden_states(*encoder, batch);
  const auto token = [&](size_t i) { return std::vector(&hidden[i * 24], &hidden[i * 24] + 24); };
  const auto joined = [](std::vector<float> a, const std::vector<float>& b) {
    a.append_range(b);
    return a;
  };
  EXPECT_EQ(encode(*worker, batch, 24, Pooling::Last, false), joined(token(4), token(5)));
  EXPECT_EQ(encode(*worker, batch, 24, Pooling::EndOfText, false), joined(token(1), token(5)));
}

TEST(Encoder, a_sequence_s_one_token_is_what_it_is_among_all_hidden_states) {
  const PackedBatch batch = mixed_batch();
  for (const RandomModel& model : {modern_bert(), clip_text(), mpnet(), bart()}) {
    for (const Precision precision : {Precision::F32, Precision::Bf16, Precision::Int8}) {
      for (const cpu::Options& options : available_options(precision)) {
        const auto encoder = load(model, precision, options);
        const std::vector<float> hidden = hidden_states(*encoder, batch);
        for (const Pooling pooling : {Pooling::Cls, Pooling::Last, Pooling::EndOfText}) {
          std::vector<double> expected;
          for (const int32_t token : pooled_tokens(batch.view(), pooling)) {
            expected.insert(expected.end(), &hidden[token * 24], &hidden[token * 24] + 24);
          }
          const std::vector<float> actual = encode(*encoder->make_worker(), batch, 24, pooling, false);
          EXPECT_LT(largest_difference(actual, expected), 1e-5)
              << encoder->kernel_name() << " " << model.spec.max_positions << " " << to_string(pooling);
        }
      }
    }
  }
}

TEST(Encoder, normalised_vectors_have_unit_length_and_the_direction_of_the_others) {
  const RandomModel model(tiny_spec(), 7);
  const auto worker_owner = load(model);
  const auto worker = worker_owner->make_worker();
  const int lengths[] = {4, 30};
  const PackedBatch batch = testing::random_batch(lengths, 50, 7);
  const std::vector<float> plain = encode(*worker, batch, 24, Pooling::Mean, false);
  const std::vector<float> unit = encode(*worker, batch, 24, Pooling::Mean, true);
  for (size_t i = 0; i < 2; ++i) {
    const std::span<const float> row = std::span(unit).subspan(i * 24, 24);
    EXPECT_NEAR(std::inner_product(row.begin(), row.end(), row.begin(), 0.0), 1.0, 1e-6);
    EXPECT_GT(std::abs(plain[i * 24] / unit[i * 24]), 0);
    for (size_t j = 1; j < 24; ++j)
      EXPECT_NEAR(plain[i * 24 + j] * unit[i * 24], plain[i * 24] * row[j], 1e-5);
  }
}

TEST(Encoder, an_empty_batch_writes_nothing) {
  const RandomModel model(tiny_spec(), 8);
  const auto encoder = load(model);
  encoder->make_worker()->encode({}, Pooling::Mean, true, {});
  encoder->make_worker()->hidden_states({}, {});
}

TEST(Encoder, refuses_batches_that_it_cannot_compute) {
  const RandomModel model(tiny_spec(), 8);
  const auto encoder = load(model);
  const auto worker = encoder->make_worker();
  std::vector<float> out(24);
  const auto encode_ids = [&](std::vector<int32_t> ids, std::vector<int32_t> offsets) {
    worker->encode({.token_ids = ids, .offsets = offsets}, Pooling::Mean, true, out);
  };
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Token id outside the vocabulary of 50: 50",
               encode_ids({1, 50}, {0, 2}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Token id outside the vocabulary of 50: -1",
               encode_ids({-1}, {0, 1}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Sequence length 81 exceeds model's max_position_embeddings 80",
               encode_ids(std::vector<int32_t>(81, 1), {0, 81}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Sequence has no tokens: number 1",
               encode_ids({1, 2}, {0, 1, 1, 2}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Sequence has no tokens: number 0",
               encode_ids({1, 2}, {0, -1, 2}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Batch offsets must run from 0", encode_ids({1, 2}, {0, 1}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Batch offsets must run from 0", encode_ids({1, 2}, {1, 2}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Batch offsets must run from 0", encode_ids({1, 2}, {}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Output must have 48 values: 24", encode_ids({1, 2}, {0, 1, 2}));
}

std::vector<float> encode_images(const Encoder& encoder, std::span<const float> pixels, Pooling pooling) {
  const auto values_per_image = static_cast<size_t>(encoder.spec().values_per_image());
  std::vector<float> out(pixels.size() / values_per_image * static_cast<size_t>(encoder.spec().hidden_size));
  encoder.make_worker()->encode_images(pixels, pooling, false, out);
  return out;
}

TEST(ImageEncoder, agrees_with_the_double_precision_reference_for_every_kernel_and_pooling) {
  for (const Pooling pooling : {Pooling::Cls, Pooling::MeanOfPatches}) {
    for (const bool pools_first : {false, true}) {
      EncoderSpec spec = vision_spec();
      spec.pools_before_final_norm = pools_first;
      const RandomModel model(spec, 31);
      const std::vector<float> pixels = random_images(spec, 5);
      const std::vector<double> expected = reference_image_vectors(model, pixels, pooling);
      for (const cpu::Options& options : available_options(Precision::F32)) {
        const auto encoder = load(model, Precision::F32, options);
        EXPECT_LT(largest_difference(encode_images(*encoder, pixels, pooling), expected), 2e-5)
            << encoder->kernel_name() << " " << to_string(pooling) << " " << pools_first;
      }
      for (const cpu::Options& options : available_options(Precision::Bf16)) {
        const auto encoder = load(model, Precision::Bf16, options);
        EXPECT_GT(smallest_cosine(encode_images(*encoder, pixels, pooling), expected, 24), 0.999)
            << encoder->kernel_name() << " " << to_string(pooling) << " " << pools_first;
      }
      for (const cpu::Options& options : available_options(Precision::Int8)) {
        const auto encoder = load(model, Precision::Int8, options);
        EXPECT_GT(smallest_cosine(encode_images(*encoder, pixels, pooling), expected, 24), 0.99)
            << encoder->kernel_name() << " " << to_string(pooling) << " " << pools_first;
      }
    }
  }
}

TEST(ImageEncoder, projects_patches_of_more_values_than_a_depth_block) {
  EncoderSpec spec = vision_spec();
  spec.image_size = 70;
  spec.patch_size = 14;
  spec.max_positions = 26;
  const RandomModel model(spec, 32);
  const std::vector<float> pixels = random_images(spec, 9);  // more rows than one pass
  const std::vector<double> expected = reference_image_vectors(model, pixels, Pooling::Cls);
  for (const cpu::Options& options : available_options(Precision::F32)) {
    const auto encoder = load(model, Precision::F32, options);
    EXPECT_LT(largest_difference(encode_images(*encoder, pixels, Pooling::Cls), expected), 5e-5)
        << encoder->kernel_name();
  }
}

TEST(ImageEncoder, does_not_see_beyond_the_last_whole_patch) {
  const RandomModel model(vision_spec(), 33);
  const auto encoder = load(model);
  std::vector<float> pixels = random_images(model.spec, 1);
  const std::vector<float> before = encode_images(*encoder, pixels, Pooling::Cls);
  pixels[10] += 1;  // of the first line
  EXPECT_EQ(encode_images(*encoder, pixels, Pooling::Cls), before);
  pixels[9] += 1;
  EXPECT_NE(encode_images(*encoder, pixels, Pooling::Cls), before);
}

TEST(ImageEncoder, gives_vectors_of_unit_length_on_request) {
  const RandomModel model(vision_spec(), 34);
  const auto encoder = load(model);
  const std::vector<float> pixels = random_images(model.spec, 2);
  std::vector<float> out(2 * 24);
  encoder->make_worker()->encode_images(pixels, Pooling::Cls, true, out);
  for (const auto row : {std::span(out).first(24), std::span(out).last(24)}) {
    EXPECT_NEAR(std::inner_product(row.begin(), row.end(), row.begin(), 0.0), 1.0, 1e-6);
  }
}

TEST(ImageEncoder, refuses_what_it_does_not_read) {
  const RandomModel images(vision_spec(), 35);
  const RandomModel texts(tiny_spec(), 35);
  std::vector<float> out(24);
  const std::vector<float> pixels(3 * 13 * 13);
  const std::vector<int32_t> ids{1}, offsets{0, 1};
  EXPECT_ERROR(ErrorCode::InvalidArgument, "the encoder reads images, not token ids",
               load(images)->make_worker()->encode({ids, offsets}, Pooling::Cls, true, out));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "the encoder reads token ids, not images",
               load(texts)->make_worker()->encode_images(pixels, Pooling::Cls, true, out));
  EXPECT_ERROR(
      ErrorCode::InvalidArgument, "Images have 507 values each: 506",
      load(images)->make_worker()->encode_images(std::span(pixels).first(506), Pooling::Cls, true, out));
  load(images)->make_worker()->encode_images({}, Pooling::Cls, true, {});
}

TEST(ImageEncoder, load_checks_sizes_and_names_the_missing_weight) {
  RandomModel model(vision_spec(), 36);
  model.spec.max_positions = 10;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder sizes do not fit together", load(model));
  model.spec = vision_spec();
  model.spec.patch_size = 14;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder sizes do not fit together", load(model));
  model.spec = vision_spec();
  model.source.erase("class_embedding");
  EXPECT_ERROR(ErrorCode::NotFound, "weight not found: class_embedding in memory", load(model));
}

TEST(Encoder, load_names_the_missing_or_unusable_weight_and_its_source) {
  const std::string name = "layer.1.intermediate.weight";
  RandomModel model(tiny_spec(), 8);
  model.source.erase(name);
  EXPECT_ERROR(ErrorCode::NotFound, "weight not found: layer.1.intermediate.weight in memory", load(model));
  model.source.set(name, {24, 40}, std::vector<float>(24 * 40));
  EXPECT_ERROR(ErrorCode::DataCorruption,
               "layer.1.intermediate.weight has shape [24, 40] instead of [40, 24] in memory", load(model));
  model.source.set_bytes(name, DType::I64, {40, 24}, std::vector<std::byte>(8 * 24 * 40));
  EXPECT_ERROR(ErrorCode::DataCorruption, "layer.1.intermediate.weight has type I64 in memory", load(model));
  model.source.set_bytes(name, DType::F32, {40, 24}, std::vector<std::byte>(7));
  EXPECT_ERROR(ErrorCode::DataCorruption, "layer.1.intermediate.weight has 7 bytes", load(model));
}

TEST(Encoder, load_refuses_sizes_that_do_not_fit_together) {
  RandomModel model(tiny_spec(), 8);
  model.spec.num_heads = 5;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder sizes do not fit together", load(model));
  model.spec.num_heads = 3;
  model.spec.position_offset = 80;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder sizes do not fit together", load(model));
  model.spec.position_offset = 0;
  model.names.layers.pop_back();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "2 layers, 1 names", load(model));
  model.names.layers.clear();
  model.spec.num_layers = 0;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Encoder without layers", load(model));
  model = RandomModel(tiny_spec(), 8);
  model.names.layers[1].qkv.pop_back();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Query, key and value need one name or three: 2", load(model));
  model = RandomModel(tiny_spec(), 8);
  model.spec.attention = {};
  EXPECT_ERROR(ErrorCode::InvalidArgument, "without a description of its attention", load(model));
  model.spec.attention = {{.window = -1}};
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Attention window is negative: -1", load(model));
  model.spec.attention = {{.rotary_base = 100}};
  model.spec.num_heads = 8;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Rotary attention needs heads of an even size: 3", load(model));
  model = RandomModel(tiny_spec(), 8);
  model.spec.relative_buckets = 16;
  model.spec.relative_max_distance = 4;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "16 buckets up to distance 4", load(model));
}

TEST(Encoder, load_refuses_a_decoder_that_does_not_fit) {
  RandomModel model = bart();
  model.names.decoder_layers.pop_back();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "3 layers, 2 names", load(model));
  model = bart();
  model.names.decoder_layers[1].cross_attention.reset();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Decoder layer without names of its attention to the encoder",
               load(model));
  model = bart();
  model.spec.decoder->start_id = 50;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Decoder starts with a token outside the vocabulary of 50: 50",
               load(model));
  model = bart();
  model.spec.relative_buckets = 16;
  EXPECT_ERROR(ErrorCode::InvalidArgument, "A decoder beside an encoder of images or with scores by distance",
               load(model));
}

TEST(Encoder, reports_what_it_holds_and_how_it_computes) {
  const RandomModel model(tiny_spec(), 8);
  const auto encoder = Encoder::load(model.spec, model.names, model.source, preferred_precision());
  EXPECT_EQ(encoder->spec().hidden_size, 24);
  EXPECT_EQ(encoder->precision(), preferred_precision());
  EXPECT_GT(encoder->weight_bytes(), 50u * 24 * sizeof(float));
  EXPECT_FALSE(encoder->kernel_name().empty());
  EXPECT_EQ(to_string(Precision::F32), "f32");
  EXPECT_EQ(to_string(Precision::Bf16), "bf16");
  EXPECT_EQ(to_string(Precision::Int8), "int8");
}

}  // namespace
}  // namespace jammi::nn
