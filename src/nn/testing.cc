#include "nn/testing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>

namespace jammi::nn::testing {
namespace {

using Rows = std::vector<double>;

Rows linear(const RandomModel& model, const LinearNames& names, const Rows& input) {
  const std::span<const float> weight = model.source.values(names.weight);
  const std::span<const float> bias = model.source.values(names.bias);
  const size_t outputs = bias.size();
  const size_t inputs = weight.size() / outputs;
  const size_t rows = input.size() / inputs;
  Rows output(rows * outputs);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t o = 0; o < outputs; ++o) {
      double total = bias[o];
      for (size_t i = 0; i < inputs; ++i) total += input[row * inputs + i] * weight[o * inputs + i];
      output[row * outputs + o] = total;
    }
  }
  return output;
}

void normalize(const RandomModel& model, const NormNames& names, Rows& rows) {
  const std::span<const float> weight = model.source.values(names.weight);
  const std::span<const float> bias = model.source.values(names.bias);
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
      rows[begin + i] = (rows[begin + i] - mean) / deviation * weight[i] + bias[i];
    }
  }
}

double activate(EncoderSpec::Activation activation, double x) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
    case EncoderSpec::Activation::GeluTanh:
      return x * 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case EncoderSpec::Activation::Relu:
      return std::max(x, 0.0);
  }
  return x;
}

Rows attend(const EncoderSpec& spec, const Rows& queries, const Rows& keys, const Rows& values) {
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
        weights[j] = std::exp(score / std::sqrt(static_cast<double>(head_size)));
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

void add(Rows& rows, const Rows& more) {
  for (size_t i = 0; i < rows.size(); ++i) rows[i] += more[i];
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

 private:
  MemoryTensorSource& source_;
  std::mt19937 random_;
};

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
  names.word_embeddings = filler.fill("word_embeddings", {spec.vocab_size, hidden}, 0, 1);
  names.position_embeddings = filler.fill("position_embeddings", {spec.max_positions, hidden}, 0, 0.5f);
  if (spec.type_vocab_size > 0) {
    names.token_type_embeddings =
        filler.fill("token_type_embeddings", {spec.type_vocab_size, hidden}, 0, 0.5f);
  }
  names.embedding_norm = filler.norm("embedding_norm", hidden);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string prefix = "layer." + std::to_string(i) + ".";
    names.layers.push_back({
        .query = filler.linear(prefix + "query", hidden, hidden),
        .key = filler.linear(prefix + "key", hidden, hidden),
        .value = filler.linear(prefix + "value", hidden, hidden),
        .attention_output = filler.linear(prefix + "attention_output", hidden, hidden),
        .attention_norm = filler.norm(prefix + "attention_norm", hidden),
        .intermediate = filler.linear(prefix + "intermediate", hidden, spec.intermediate_size),
        .output = filler.linear(prefix + "output", spec.intermediate_size, hidden),
        .output_norm = filler.norm(prefix + "output_norm", hidden),
    });
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
  const EncoderSpec& spec = model.spec;
  const size_t width = static_cast<size_t>(spec.hidden_size);
  const size_t position_offset = static_cast<size_t>(spec.position_offset);
  const std::span<const float> words = model.source.values(model.names.word_embeddings);
  const std::span<const float> positions = model.source.values(model.names.position_embeddings);
  Rows hidden(token_ids.size() * width);
  for (size_t token = 0; token < token_ids.size(); ++token) {
    for (size_t i = 0; i < width; ++i) {
      double& value = hidden[token * width + i];
      value = words[token_ids[token] * width + i];
      value += positions[(token + position_offset) * width + i];
      if (spec.type_vocab_size > 0) value += model.source.values(model.names.token_type_embeddings)[i];
    }
  }
  normalize(model, model.names.embedding_norm, hidden);
  for (const LayerNames& layer : model.names.layers) {
    const Rows context = attend(spec, linear(model, layer.query, hidden), linear(model, layer.key, hidden),
                                linear(model, layer.value, hidden));
    add(hidden, linear(model, layer.attention_output, context));
    normalize(model, layer.attention_norm, hidden);
    Rows intermediate = linear(model, layer.intermediate, hidden);
    for (double& value : intermediate) value = activate(spec.activation, value);
    add(hidden, linear(model, layer.output, intermediate));
    normalize(model, layer.output_norm, hidden);
  }
  return hidden;
}

}  // namespace jammi::nn::testing
