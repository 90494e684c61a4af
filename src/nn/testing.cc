#include "nn/testing.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <utility>

namespace jammi::nn::testing {
namespace {

using Rows = std::vector<double>;

Rows linear(const RandomModel& model, const LinearNames& names, const Rows& input, size_t rows) {
  const std::span<const float> weight = model.source.values(names.weight);
  const size_t inputs = input.size() / rows;
  const size_t outputs = weight.size() / inputs;
  Rows output(rows * outputs);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t o = 0; o < outputs; ++o) {
      double total = names.bias.empty() ? 0 : model.source.values(names.bias)[o];
      for (size_t i = 0; i < inputs; ++i) total += input[row * inputs + i] * weight[o * inputs + i];
      output[row * outputs + o] = total;
    }
  }
  return output;
}

Rows normalized(const RandomModel& model, const NormNames& names, Rows rows) {
  if (names.weight.empty()) return rows;
  const std::span<const float> weight = model.source.values(names.weight);
  const size_t width = weight.size();
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    double mean = 0;
    double variance = 0;
    for (size_t i = 0; i < width; ++i) mean += rows[begin + i] / static_cast<double>(width);
    for (size_t i = 0; i < width; ++i) {
      variance += (rows[begin + i] - mean) * (rows[begin + i] - mean) / static_cast<double>(width);
    }
    const double deviation = std::sqrt(variance + model.spec.norm_epsilon);
    for (size_t i = 0; i < width; ++i) {
      const double bias = names.bias.empty() ? 0 : model.source.values(names.bias)[i];
      rows[begin + i] = (rows[begin + i] - mean) / deviation * weight[i] + bias;
    }
  }
  return rows;
}

double activate(EncoderSpec::Activation activation, double x) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
    case EncoderSpec::Activation::GeluTanh:
      return x * 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case EncoderSpec::Activation::QuickGelu:
      return x / (1 + std::exp(-1.702 * x));
    case EncoderSpec::Activation::Relu:
      return std::max(x, 0.0);
  }
  return x;
}

/// Turns each head's pairs (i, i + head_size / 2) by position * base^(-2 i / head_size).
Rows rotated(const EncoderSpec& spec, double base, Rows rows) {
  if (base == 0) return rows;
  const size_t width = static_cast<size_t>(spec.hidden_size);
  const size_t head_size = static_cast<size_t>(spec.head_size());
  for (size_t begin = 0; begin < rows.size(); begin += head_size) {
    const double position = static_cast<double>(begin / width);
    for (size_t i = 0; i < head_size / 2; ++i) {
      const double angle =
          position * std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(head_size));
      const std::complex<double> pair(rows[begin + i], rows[begin + head_size / 2 + i]);
      const std::complex<double> turned = pair * std::polar(1.0, angle);
      rows[begin + i] = turned.real();
      rows[begin + head_size / 2 + i] = turned.imag();
    }
  }
  return rows;
}

bool sees(const AttentionSpec& attention, size_t query, size_t key) {
  const int64_t distance = static_cast<int64_t>(key) - static_cast<int64_t>(query);
  if (attention.is_causal && distance > 0) return false;
  return attention.window == 0 || std::abs(distance) <= attention.window;
}

double relative_bias(const RandomModel& model, size_t head, size_t query, size_t key) {
  const EncoderSpec& spec = model.spec;
  if (spec.relative_buckets == 0) return 0;
  const int64_t per_direction = spec.relative_buckets / 2;
  const int64_t num_exact = per_direction / 2;
  const int64_t length = std::abs(static_cast<int64_t>(key) - static_cast<int64_t>(query));
  int64_t bucket = length;
  if (length >= num_exact) {
    const double exact = static_cast<double>(num_exact);
    const double ratio = std::log(static_cast<double>(length) / exact) /
                         std::log(static_cast<double>(spec.relative_max_distance) / exact);
    // The border of two buckets is a whole number that rounding must not miss.
    bucket = num_exact + static_cast<int64_t>(ratio * static_cast<double>(per_direction - num_exact) + 1e-9);
    bucket = std::min(bucket, per_direction - 1);
  }
  if (key > query) bucket += per_direction;
  return model.source.values(model.names.relative_bias)[static_cast<size_t>(bucket * spec.num_heads) + head];
}

Rows attend(const RandomModel& model, const AttentionSpec& attention, const Rows& queries, const Rows& keys,
            const Rows& values) {
  const EncoderSpec& spec = model.spec;
  const size_t width = static_cast<size_t>(spec.hidden_size);
  const size_t head_size = static_cast<size_t>(spec.head_size());
  const size_t length = queries.size() / width;
  Rows context(queries.size());
  std::vector<double> weights(length);
  for (size_t head = 0; head < width; head += head_size) {
    for (size_t i = 0; i < length; ++i) {
      double total = 0;
      for (size_t j = 0; j < length; ++j) {
        double score = 0;
        for (size_t d = head; d < head + head_size; ++d)
          score += queries[i * width + d] * keys[j * width + d];
        score /= std::sqrt(static_cast<double>(head_size));
        score += relative_bias(model, head / head_size, i, j);
        weights[j] = sees(attention, i, j) ? std::exp(score) : 0;
        total += weights[j];
      }
      for (size_t j = 0; j < length; ++j) {
        for (size_t d = head; d < head + head_size; ++d) {
          context[i * width + d] += weights[j] / total * values[j * width + d];
        }
      }
    }
  }
  return context;
}

struct Projections {
  Rows queries, keys, values;
};

Projections project(const RandomModel& model, const LayerNames& layer, const Rows& input, size_t length) {
  if (layer.qkv.size() == 3) {
    return {linear(model, layer.qkv[0], input, length), linear(model, layer.qkv[1], input, length),
            linear(model, layer.qkv[2], input, length)};
  }
  const Rows stacked = linear(model, layer.qkv[0], input, length);
  const size_t width = input.size() / length;
  Projections parts;
  for (size_t row = 0; row < length; ++row) {
    const auto begin = stacked.begin() + static_cast<ptrdiff_t>(3 * row * width);
    const auto step = static_cast<ptrdiff_t>(width);
    parts.queries.insert(parts.queries.end(), begin, begin + step);
    parts.keys.insert(parts.keys.end(), begin + step, begin + 2 * step);
    parts.values.insert(parts.values.end(), begin + 2 * step, begin + 3 * step);
  }
  return parts;
}

Rows attention_block(const RandomModel& model, const LayerNames& layer, const AttentionSpec& attention,
                     const Rows& input, size_t length) {
  Projections parts = project(model, layer, input, length);
  parts.queries = rotated(model.spec, attention.rotary_base, std::move(parts.queries));
  parts.keys = rotated(model.spec, attention.rotary_base, std::move(parts.keys));
  const Rows context = attend(model, attention, parts.queries, parts.keys, parts.values);
  return linear(model, layer.attention_output, context, length);
}

Rows cross_attention_block(const RandomModel& model, const CrossAttentionNames& names, const Rows& input,
                           const Rows& encoded, size_t length) {
  const Rows context =
      attend(model, AttentionSpec{}, linear(model, names.query, input, length),
             linear(model, names.key, encoded, length), linear(model, names.value, encoded, length));
  return linear(model, names.output, context, length);
}

Rows feed_forward_block(const RandomModel& model, const LayerNames& layer, const Rows& input, size_t length) {
  const Rows wide = linear(model, layer.intermediate, input, length);
  const size_t width = static_cast<size_t>(model.spec.intermediate_size);
  const size_t stride = wide.size() / length;
  Rows intermediate(length * width);
  for (size_t i = 0; i < intermediate.size(); ++i) {
    const size_t place = i / width * stride + i % width;
    intermediate[i] = activate(model.spec.activation, wide[place]);
    if (model.spec.is_gated) intermediate[i] *= wide[place + width];
  }
  return linear(model, layer.output, intermediate, length);
}

Rows embed(const RandomModel& model, const std::string& position_embeddings, const NormNames& norm,
           std::span<const int32_t> token_ids) {
  const size_t width = static_cast<size_t>(model.spec.hidden_size);
  Rows hidden(token_ids.size() * width);
  size_t next_position = static_cast<size_t>(model.spec.position_offset);
  for (size_t token = 0; token < token_ids.size(); ++token) {
    const size_t id = static_cast<size_t>(token_ids[token]);
    const size_t position = token_ids[token] == model.spec.padding_id ? id : next_position++;
    for (size_t i = 0; i < width; ++i) {
      double& value = hidden[token * width + i];
      value = model.source.values(model.names.word_embeddings)[id * width + i] * model.spec.embedding_scale;
      if (!position_embeddings.empty()) {
        value += model.source.values(position_embeddings)[position * width + i];
      }
      if (model.spec.type_vocab_size > 0) value += model.source.values(model.names.token_type_embeddings)[i];
    }
  }
  return normalized(model, norm, std::move(hidden));
}

/// The sum over channels, lines and columns of a patch's pixels times the weights of output `o`.
double convolve(const RandomModel& model, std::span<const float> image, size_t top, size_t left, size_t o) {
  const auto size = static_cast<size_t>(model.spec.image_size);
  const auto patch = static_cast<size_t>(model.spec.patch_size);
  const std::span<const float> weight = model.source.values(model.names.patch_embedding);
  double total = 0;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t y = 0; y < patch; ++y) {
      for (size_t x = 0; x < patch; ++x) {
        total += double{weight[((o * 3 + channel) * patch + y) * patch + x]} *
                 image[(channel * size + top + y) * size + left + x];
      }
    }
  }
  return total;
}

Rows embed_image(const RandomModel& model, std::span<const float> image) {
  const auto width = static_cast<size_t>(model.spec.hidden_size);
  const auto patch = static_cast<size_t>(model.spec.patch_size);
  const auto side = static_cast<size_t>(model.spec.patches_per_side());
  const std::span<const float> first = model.source.values(model.names.class_embedding);
  Rows hidden(first.begin(), first.end());
  for (size_t i = 0; i < side * side; ++i) {
    for (size_t o = 0; o < width; ++o) {
      hidden.push_back(convolve(model, image, i / side * patch, i % side * patch, o));
    }
  }
  const std::span<const float> positions = model.source.values(model.names.position_embeddings);
  for (size_t i = 0; i < hidden.size(); ++i) hidden[i] += positions[i];
  return normalized(model, model.names.embedding_norm, std::move(hidden));
}

void add(Rows& rows, const Rows& more) {
  for (size_t i = 0; i < rows.size(); ++i) rows[i] += more[i];
}

/// The states after one layer; `encoded` are those that a decoder's layer attends to.
Rows run_layer(const RandomModel& model, const LayerNames& layer, const AttentionSpec& attention, Rows hidden,
               const Rows& encoded, size_t length) {
  const bool is_pre = model.spec.norm_placement == EncoderSpec::NormPlacement::Pre;
  const auto block = [&](const NormNames& norm, const auto& compute) {
    add(hidden, compute(is_pre ? normalized(model, norm, hidden) : hidden));
    if (!is_pre) hidden = normalized(model, norm, std::move(hidden));
  };
  block(layer.attention_norm,
        [&](const Rows& input) { return attention_block(model, layer, attention, input, length); });
  if (layer.cross_attention) {
    block(layer.cross_attention->norm, [&](const Rows& input) {
      return cross_attention_block(model, *layer.cross_attention, input, encoded, length);
    });
  }
  block(layer.feed_forward_norm,
        [&](const Rows& input) { return feed_forward_block(model, layer, input, length); });
  return hidden;
}

/// The residual stream of one sequence of `length` tokens behind the encoder's last layer.
Rows through_layers(const RandomModel& model, Rows hidden, size_t length) {
  for (size_t i = 0; i < model.names.layers.size(); ++i) {
    const LayerNames& layer = model.names.layers[i];
    hidden = run_layer(model, layer, model.spec.attention_of(i), std::move(hidden), {}, length);
  }
  return hidden;
}

/// Fills tensors with random values of a given spread around a mean.
class Filler {
 public:
  Filler(MemoryTensorSource& source, uint32_t seed) : source_(source), random_(seed) {}

  std::string fill(const std::string& name, std::vector<int64_t> shape, float mean, float spread) {
    size_t size = 1;
    for (int64_t dimension : shape) size *= static_cast<size_t>(dimension);
    std::normal_distribution<float> distribution(mean, spread);
    std::vector<float> values(size);
    for (float& value : values) value = distribution(random_);
    source_.set(name, std::move(shape), values);
    return name;
  }

  LinearNames linear(const std::string& name, int64_t inputs, int64_t outputs) {
    const float spread = 1.2f / std::sqrt(static_cast<float>(inputs));
    return {.weight = fill(name + ".weight", {outputs, inputs}, 0, spread),
            .bias = fill(name + ".bias", {outputs}, 0, 0.1f)};
  }

  NormNames norm(const std::string& name, int64_t width) {
    return {.weight = fill(name + ".weight", {width}, 1, 0.2f),
            .bias = fill(name + ".bias", {width}, 0, 0.1f)};
  }

  LayerNames layer(const std::string& prefix, const EncoderSpec& spec) {
    const int64_t hidden = spec.hidden_size;
    const int64_t widened = spec.intermediate_size * (spec.is_gated ? 2 : 1);
    return {.qkv = {linear(prefix + "query", hidden, hidden), linear(prefix + "key", hidden, hidden),
                    linear(prefix + "value", hidden, hidden)},
            .attention_output = linear(prefix + "attention_output", hidden, hidden),
            .attention_norm = norm(prefix + "attention_norm", hidden),
            .intermediate = linear(prefix + "intermediate", hidden, widened),
            .output = linear(prefix + "output", spec.intermediate_size, hidden),
            .feed_forward_norm = norm(prefix + "feed_forward_norm", hidden)};
  }

 private:
  MemoryTensorSource& source_;
  std::mt19937 random_;
};

void clear_biases(WeightNames& names) {
  names.embedding_norm.bias.clear();
  names.final_norm.bias.clear();
  for (LayerNames& layer : names.layers) {
    for (LinearNames& linear : layer.qkv) linear.bias.clear();
    for (LinearNames* linear : {&layer.attention_output, &layer.intermediate, &layer.output}) {
      linear->bias.clear();
    }
    layer.attention_norm.bias.clear();
    layer.feed_forward_norm.bias.clear();
  }
}

double cosine(std::span<const float> a, std::span<const double> b) {
  double product = 0, a_square = 0, b_square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += a[i] * b[i];
    a_square += double{a[i]} * a[i];
    b_square += b[i] * b[i];
  }
  return product / std::sqrt(a_square * b_square);
}

}  // namespace

void MemoryTensorSource::set(const std::string& name, std::vector<int64_t> shape,
                             std::span<const float> values) {
  const std::span<const std::byte> bytes = std::as_bytes(values);
  set_bytes(name, DType::F32, std::move(shape), {bytes.begin(), bytes.end()});
}

void MemoryTensorSource::set_bytes(const std::string& name, DType dtype, std::vector<int64_t> shape,
                                   std::vector<std::byte> bytes) {
  tensors_[name] = {.dtype = dtype, .shape = std::move(shape), .bytes = std::move(bytes)};
}

void MemoryTensorSource::erase(const std::string& name) {
  tensors_.erase(name);
}

std::span<const float> MemoryTensorSource::values(const std::string& name) const {
  const std::vector<std::byte>& bytes = tensors_.at(name).bytes;
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

std::optional<TensorView> MemoryTensorSource::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return std::nullopt;
  return TensorView{.dtype = found->second.dtype, .shape = found->second.shape, .bytes = found->second.bytes};
}

RandomModel::RandomModel(const EncoderSpec& model_spec, uint32_t seed) : spec(model_spec) {
  Filler filler(source, seed);
  const int64_t hidden = spec.hidden_size;
  if (spec.reads_images()) {
    const float spread = 1.2f / std::sqrt(static_cast<float>(spec.values_per_patch()));
    names.patch_embedding =
        filler.fill("patch_embedding", {hidden, 3, spec.patch_size, spec.patch_size}, 0, spread);
    names.class_embedding = filler.fill("class_embedding", {hidden}, 0, 1);
  } else {
    names.word_embeddings = filler.fill("word_embeddings", {spec.vocab_size, hidden}, 0, 1);
  }
  names.position_embeddings = filler.fill("position_embeddings", {spec.max_positions, hidden}, 0, 0.5f);
  if (spec.type_vocab_size > 0) {
    names.token_type_embeddings =
        filler.fill("token_type_embeddings", {spec.type_vocab_size, hidden}, 0, 0.5f);
  }
  if (spec.relative_buckets > 0) {
    names.relative_bias = filler.fill("relative_bias", {spec.relative_buckets, spec.num_heads}, 0, 1);
  }
  names.embedding_norm = filler.norm("embedding_norm", hidden);
  if (spec.norm_placement == EncoderSpec::NormPlacement::Pre) {
    names.final_norm = filler.norm("final_norm", hidden);
  }
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    names.layers.push_back(filler.layer("layer." + std::to_string(i) + ".", spec));
  }
  if (!spec.decoder) return;
  names.decoder_position_embeddings =
      filler.fill("decoder_position_embeddings", {spec.max_positions, hidden}, 0, 0.5f);
  names.decoder_embedding_norm = filler.norm("decoder_embedding_norm", hidden);
  for (int64_t i = 0; i < spec.decoder->num_layers; ++i) {
    const std::string prefix = "decoder_layer." + std::to_string(i) + ".";
    names.decoder_layers.push_back(filler.layer(prefix, spec));
    names.decoder_layers.back().cross_attention = {
        .query = filler.linear(prefix + "cross_query", hidden, hidden),
        .key = filler.linear(prefix + "cross_key", hidden, hidden),
        .value = filler.linear(prefix + "cross_value", hidden, hidden),
        .output = filler.linear(prefix + "cross_output", hidden, hidden),
        .norm = filler.norm(prefix + "cross_norm", hidden)};
  }
}

void PackedBatch::add(std::span<const int32_t> sequence) {
  token_ids.insert(token_ids.end(), sequence.begin(), sequence.end());
  offsets.push_back(static_cast<int32_t>(token_ids.size()));
}

PackedBatch PackedBatch::only(size_t sequence) const {
  PackedBatch batch;
  batch.add(std::span(token_ids).subspan(offsets[sequence], offsets[sequence + 1] - offsets[sequence]));
  return batch;
}

PackedBatch random_batch(std::span<const int> lengths, int64_t vocab_size, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int32_t> ids(0, static_cast<int32_t>(vocab_size - 1));
  PackedBatch batch;
  for (int length : lengths) {
    std::vector<int32_t> sequence(length);
    for (int32_t& id : sequence) id = ids(random);
    batch.add(sequence);
  }
  return batch;
}

std::vector<double> reference_hidden_states(const RandomModel& model, std::span<const int32_t> token_ids) {
  const WeightNames& names = model.names;
  const size_t length = token_ids.size();
  Rows hidden = embed(model, names.position_embeddings, names.embedding_norm, token_ids);
  hidden = through_layers(model, std::move(hidden), length);
  hidden = normalized(model, names.final_norm, std::move(hidden));
  if (!model.spec.decoder) return hidden;

  std::vector<int32_t> shifted{static_cast<int32_t>(model.spec.decoder->start_id)};
  shifted.append_range(token_ids.first(length - 1));
  Rows decoded = embed(model, names.decoder_position_embeddings, names.decoder_embedding_norm, shifted);
  for (const LayerNames& layer : names.decoder_layers) {
    decoded = run_layer(model, layer, {.is_causal = true}, std::move(decoded), hidden, length);
  }
  return decoded;
}

std::vector<double> reference_image_vector(const RandomModel& model, std::span<const float> image,
                                           Pooling pooling) {
  const auto num_tokens = static_cast<size_t>(model.spec.tokens_per_image());
  const auto width = static_cast<size_t>(model.spec.hidden_size);
  Rows hidden = through_layers(model, embed_image(model, image), num_tokens);
  if (!model.spec.pools_before_final_norm) {
    hidden = normalized(model, model.names.final_norm, std::move(hidden));
  }
  Rows vector(hidden.begin(), hidden.begin() + static_cast<ptrdiff_t>(width));
  if (pooling == Pooling::MeanOfPatches) {
    for (size_t i = 0; i < width; ++i) {
      vector[i] = 0;
      for (size_t token = 1; token < num_tokens; ++token) {
        vector[i] += hidden[token * width + i] / static_cast<double>(num_tokens - 1);
      }
    }
  }
  if (model.spec.pools_before_final_norm) {
    vector = normalized(model, model.names.final_norm, std::move(vector));
  }
  return vector;
}

std::vector<double> reference_image_vectors(const RandomModel& model, std::span<const float> pixels,
                                            Pooling pooling) {
  std::vector<double> rows;
  const auto values_per_image = static_cast<size_t>(model.spec.values_per_image());
  for (size_t begin = 0; begin < pixels.size(); begin += values_per_image) {
    rows.append_range(reference_image_vector(model, pixels.subspan(begin, values_per_image), pooling));
  }
  return rows;
}

std::vector<double> reference(const RandomModel& model, const PackedBatch& batch) {
  std::vector<double> rows;
  for (size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
    rows.append_range(reference_hidden_states(model, batch.only(i).token_ids));
  }
  return rows;
}

double largest_difference(std::span<const float> actual, std::span<const double> expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

double smallest_cosine(std::span<const float> actual, std::span<const double> expected, size_t width) {
  double smallest = 1;
  for (size_t begin = 0; begin < actual.size(); begin += width) {
    smallest = std::min(smallest, cosine(actual.subspan(begin, width), expected.subspan(begin, width)));
  }
  return smallest;
}

EncoderSpec tiny_spec() {
  return {.vocab_size = 50,
          .hidden_size = 24,
          .num_layers = 2,
          .num_heads = 3,
          .intermediate_size = 40,
          .max_positions = 80,
          .type_vocab_size = 2};
}

RandomModel modern_bert() {
  EncoderSpec spec = tiny_spec();
  spec.num_layers = 4;
  spec.max_positions = 700;
  spec.type_vocab_size = 0;
  spec.norm_placement = EncoderSpec::NormPlacement::Pre;
  spec.is_gated = true;
  spec.attention = {
      {.rotary_base = 16000}, {.window = 5, .rotary_base = 100}, {.window = 33, .rotary_base = 100}};
  RandomModel model(spec, 20);
  clear_biases(model.names);
  model.names.position_embeddings.clear();
  model.names.layers[0].attention_norm = {};
  return model;
}

RandomModel clip_text() {
  EncoderSpec spec = tiny_spec();
  spec.max_positions = 700;
  spec.type_vocab_size = 0;
  spec.norm_placement = EncoderSpec::NormPlacement::Pre;
  spec.activation = EncoderSpec::Activation::QuickGelu;
  spec.attention = {{.is_causal = true}};
  RandomModel model(spec, 21);
  model.names.embedding_norm = {};
  for (LayerNames& layer : model.names.layers) {
    std::vector<float> weight, bias;
    for (const LinearNames& part : layer.qkv) {
      weight.append_range(model.source.values(part.weight));
      bias.append_range(model.source.values(part.bias));
    }
    const std::string stem = layer.qkv[0].weight + ".stacked";
    layer.qkv = {{.weight = stem + ".weight", .bias = stem + ".bias"}};
    model.source.set(layer.qkv[0].weight, {3 * spec.hidden_size, spec.hidden_size}, weight);
    model.source.set(layer.qkv[0].bias, {3 * spec.hidden_size}, bias);
  }
  return model;
}

EncoderSpec vision_spec() {
  return {.hidden_size = 24,
          .num_layers = 2,
          .num_heads = 3,
          .intermediate_size = 40,
          .max_positions = 5,
          .norm_epsilon = 1e-5f,
          .norm_placement = EncoderSpec::NormPlacement::Pre,
          .activation = EncoderSpec::Activation::QuickGelu,
          .image_size = 13,
          .patch_size = 5};
}

std::vector<float> random_images(const EncoderSpec& spec, size_t num_images) {
  std::mt19937 random(30);
  std::normal_distribution<float> values;
  std::vector<float> pixels(num_images * static_cast<size_t>(spec.values_per_image()));
  for (float& value : pixels) value = values(random);
  return pixels;
}

RandomModel mpnet() {
  EncoderSpec spec = tiny_spec();
  spec.max_positions = 702;
  spec.position_offset = 2;
  spec.padding_id = 1;
  spec.type_vocab_size = 0;
  spec.relative_buckets = 16;
  spec.relative_max_distance = 64;
  return RandomModel(spec, 22);
}

RandomModel bart() {
  EncoderSpec spec = tiny_spec();
  spec.max_positions = 702;
  spec.position_offset = 2;
  spec.type_vocab_size = 0;
  spec.embedding_scale = 0.7f;
  spec.decoder = {.num_layers = 3, .start_id = 2};
  return RandomModel(spec, 25);
}

PackedBatch mixed_batch() {
  const int lengths[] = {1, 6, 17, 70, 33, 600};
  PackedBatch batch = random_batch(lengths, 50, 23);
  for (size_t i : {3, 9, 40, 41, 100}) batch.token_ids[i] = 1;
  return batch;
}

}  // namespace jammi::nn::testing
