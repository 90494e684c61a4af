#include "nn/cpu/onednn_layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <omp.h>

#include <jammi/error.h>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/kernel_terms.h"
#include "nn/cpu/onednn_product.h"

namespace jammi::nn::cpu {
namespace {

using dnnl::memory;

/// Attention computes whole blocks of this many tokens.
constexpr size_t kLengthStep = 16;

/// Queries whose scores are computed together: they bound the memory that long sequences take.
constexpr size_t kQueriesAtOnce = 512;

size_t whole_steps(size_t length) {
  return (length + kLengthStep - 1) / kLengthStep * kLengthStep;
}

struct CrossAttention {
  OneDnnLinear query;
  OneDnnLinear key_value;
  OneDnnLinear output;
  NormWeights norm;

  CrossAttention(const dnnl::engine& engine, CrossAttentionWeights weights, memory::data_type element)
      : query(engine, weights.query, element, ProductEnd::Store),
        key_value(engine, weights.key_value, element, ProductEnd::Store),
        output(engine, weights.output, element, ProductEnd::AddToF32),
        norm(std::move(weights.norm)) {}

  size_t bytes() const { return query.bytes() + key_value.bytes() + output.bytes(); }
};

struct Layer {
  OneDnnLinear qkv;
  OneDnnLinear attention_output;
  NormWeights attention_norm;
  OneDnnLinear intermediate;
  OneDnnLinear output;
  NormWeights feed_forward_norm;
  std::optional<CrossAttention> cross_attention = {};

  size_t bytes() const {
    return qkv.bytes() + attention_output.bytes() + intermediate.bytes() + output.bytes() +
           (cross_attention ? cross_attention->bytes() : 0);
  }
};

ProductEnd end_of(EncoderSpec::Activation activation) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return ProductEnd::Gelu;
    case EncoderSpec::Activation::GeluTanh:
      return ProductEnd::GeluTanh;
    case EncoderSpec::Activation::QuickGelu:
      return ProductEnd::QuickGelu;
    case EncoderSpec::Activation::Relu:
      return ProductEnd::Relu;
  }
  return ProductEnd::Store;
}

/// Keeps oneDNN's OpenMP on the calling thread: a worker is one thread, and barriers between threads spin.
class OneThread {
 public:
  OneThread() : previous_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(previous_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int previous_;
};

/// Runs `body`, turning oneDNN's exceptions into std::bad_alloc or ours.
template <typename Body>
auto at_door(const Body& body) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
    const ErrorCode code = error.status == dnnl_unimplemented ? ErrorCode::Unsupported : ErrorCode::Internal;
    throw Error(code, ErrorCategory::Model, "oneDNN failed: " + std::string(error.what()));
  }
}

class OneDnnLayers final : public LayerStack {
 public:
  OneDnnLayers(const StackSource& source, Precision precision, const Kernels& kernels)
      : spec_(source.spec),
        tables_(source.tables),
        element_(precision == Precision::Bf16 ? memory::data_type::bf16 : memory::data_type::f32),
        kernels_(kernels),
        engine_(dnnl::engine::kind::cpu, 0) {
    // What this library's kernels work on before it is an operand again stays f32 until then.
    const ProductEnd widen = spec_.is_gated ? ProductEnd::StoreF32 : end_of(spec_.activation);
    if (source.input != nullptr) input_.emplace(engine_, *source.input, element_, ProductEnd::StoreF32);
    for (size_t i = 0; std::cmp_less(i, spec_.num_layers); ++i) {
      LayerWeights weights = source.read_layer(i);
      const bool rotates = spec_.attention_of(i).rotary_base > 0;
      layers_.push_back(
          {.qkv = {engine_, weights.qkv, element_, rotates ? ProductEnd::StoreF32 : ProductEnd::Store},
           .attention_output = {engine_, weights.attention_output, element_, ProductEnd::AddToF32},
           .attention_norm = std::move(weights.attention_norm),
           .intermediate = {engine_, weights.intermediate, element_, widen},
           .output = {engine_, weights.output, element_, ProductEnd::AddToF32},
           .feed_forward_norm = std::move(weights.feed_forward_norm)});
      if (!weights.cross_attention) continue;
      layers_.back().cross_attention.emplace(engine_, std::move(*weights.cross_attention), element_);
    }
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = input_ ? input_->bytes() : 0;
    for (const Layer& layer : layers_) bytes += layer.bytes();
    return bytes;
  }

  std::string kernel_name() const override {
    return layers_.empty() ? "onednn" : layers_.front().intermediate.implementation();
  }

  std::unique_ptr<LayerRunner> make_runner() const override;

  const EncoderSpec& spec() const { return spec_; }
  const AttentionTables& tables() const { return tables_; }
  const Kernels& kernels() const { return kernels_; }
  memory::data_type element() const { return element_; }
  const dnnl::engine& engine() const { return engine_; }
  const OneDnnLinear& input() const { return input_.value(); }
  std::span<const Layer> layers() const { return layers_; }

 private:
  EncoderSpec spec_;
  const AttentionTables& tables_;
  memory::data_type element_;
  const Kernels& kernels_;
  dnnl::engine engine_;
  std::optional<OneDnnLinear> input_;
  std::vector<Layer> layers_;
};

/// `Element` is float or the bits of a bf16: the type of what is multiplied.
template <typename Element>
class OneDnnRunner final : public LayerRunner {
 public:
  explicit OneDnnRunner(const OneDnnLayers& stack)
      : stack_(stack),
        spec_(stack.spec()),
        kernels_(stack.kernels()),
        products_(stack.engine()),
        hidden_size_(static_cast<size_t>(spec_.hidden_size)),
        intermediate_size_(static_cast<size_t>(spec_.intermediate_size)),
        normalizes_input_(spec_.norm_placement == EncoderSpec::NormPlacement::Pre) {}

  void project(size_t num_rows, const float* source, float* target) override {
    at_door([&] {
      OneThread one_thread;
      const auto [element, in_features, out_features, end] = stack_.input().shape();
      const int64_t rows = bucket_of(static_cast<int64_t>(num_rows));
      Element* operand = operand_.grow(static_cast<size_t>(rows * in_features));
      float* product = wide_.grow(static_cast<size_t>(rows * out_features));
      convert(source, num_rows * static_cast<size_t>(in_features), operand);
      products_.run(stack_.input(), rows, operand, product);
      std::memcpy(target, product, num_rows * static_cast<size_t>(out_features) * sizeof(float));
    });
  }

  void run(std::span<const int32_t> offsets, float* hidden, const float* encoded,
           std::span<const int32_t> wanted) override {
    at_door([&] {
      OneThread one_thread;
      run_layers(offsets, hidden, encoded, wanted);
    });
  }

 private:
  void run_layers(std::span<const int32_t> offsets, float* hidden, const float* encoded,
                  std::span<const int32_t> wanted) {
    auto num_tokens = static_cast<size_t>(offsets.back());
    int64_t rows = bucket_of(static_cast<int64_t>(num_tokens));
    reserve(static_cast<size_t>(rows));
    std::memcpy(residual_.data(), hidden, num_tokens * hidden_size_ * sizeof(float));
    if (encoded != nullptr) {
      convert(encoded, num_tokens * hidden_size_, encoded_.grow(static_cast<size_t>(rows) * hidden_size_));
    }
    for (size_t i = 0; i < stack_.layers().size(); ++i) {
      const Layer& layer = stack_.layers()[i];
      begin_block(layer.attention_norm, num_tokens);
      project_qkv(layer, offsets, rows, spec_.attention_of(i).rotary_base);
      attend(offsets, visibility_of(spec_.attention_of(i)));
      if (layer.cross_attention) {
        end_attention(layer.attention_output, layer.attention_norm, num_tokens, rows);
        attend_to_encoded(*layer.cross_attention, offsets, rows);
      }
      if (!wanted.empty() && i + 1 == stack_.layers().size()) {
        keep_rows(wanted, hidden_size_, residual_.data());
        keep_rows(wanted, hidden_size_, context_.data());
        num_tokens = wanted.size();
        rows = bucket_of(static_cast<int64_t>(num_tokens));
      }
      const auto& cross = layer.cross_attention;
      end_attention(cross ? cross->output : layer.attention_output,
                    cross ? cross->norm : layer.attention_norm, num_tokens, rows);
      begin_block(layer.feed_forward_norm, num_tokens);
      widen(layer, num_tokens, rows);
      products_.run(layer.output, rows, intermediate_.data(), residual_.data());
      end_block(layer.feed_forward_norm, num_tokens);
    }
    std::memcpy(hidden, residual_.data(), num_tokens * hidden_size_ * sizeof(float));
  }

  /// Buffers for `rows` tokens and for the tokens that attention computes beyond the last sequence.
  void reserve(size_t rows) {
    const size_t attended_rows = rows + kLengthStep;
    residual_.grow(rows * hidden_size_);
    normalized_.grow(rows * hidden_size_);
    operand_.grow(rows * hidden_size_);
    qkv_.grow(attended_rows * 3 * hidden_size_);
    context_.grow(attended_rows * hidden_size_);
    intermediate_.grow(rows * intermediate_size_);
  }

  void convert(const float* source, size_t size, Element* target) {
    if constexpr (std::is_same_v<Element, float>) {
      std::memcpy(target, source, size * sizeof(float));
    } else {
      kernels_.narrow_to_bf16(source, size, target);
    }
  }

  /// Makes a block's operand of the residual stream, normalised first if the spec says so.
  void begin_block(const NormWeights& norm, size_t num_rows) {
    const bool normalizes = normalizes_input_ && !norm.is_identity();
    if (normalizes) normalize(norm, num_rows, normalized_.data());
    convert(normalizes ? normalized_.data() : residual_.data(), num_rows * hidden_size_, operand_.data());
  }

  void end_block(const NormWeights& norm, size_t num_rows) {
    if (!normalizes_input_ && !norm.is_identity()) normalize(norm, num_rows, residual_.data());
  }

  /// Queries, keys and values of the operand, rotated when `rotary_base` is not zero.
  void project_qkv(const Layer& layer, std::span<const int32_t> offsets, int64_t rows, double rotary_base) {
    if (rotary_base == 0) {
      products_.run(layer.qkv, rows, operand_.data(), qkv_.data());
      return;
    }
    float* qkv = wide_.grow(static_cast<size_t>(rows) * 3 * hidden_size_);
    products_.run(layer.qkv, rows, operand_.data(), qkv);
    const RotaryTable& table = stack_.tables().rotary.at(rotary_base);
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      const size_t first = static_cast<size_t>(offsets[i]);
      kernels_.rotate({.length = static_cast<size_t>(offsets[i + 1]) - first,
                       .num_heads = static_cast<size_t>(spec_.num_heads),
                       .head_size = static_cast<size_t>(spec_.head_size()),
                       .qkv = qkv + first * 3 * hidden_size_,
                       .cosines = table.cosines.data(),
                       .sines = table.sines.data()});
    }
    convert(qkv, static_cast<size_t>(offsets.back()) * 3 * hidden_size_, qkv_.data());
  }

  /// Adds what was attended to to the residual stream.
  void end_attention(const OneDnnLinear& output, const NormWeights& norm, size_t num_tokens, int64_t rows) {
    products_.run(output, rows, context_.data(), residual_.data());
    end_block(norm, num_tokens);
  }

  /// Attention of a decoder's layer: queries of its rows, keys and values of the encoder's.
  void attend_to_encoded(const CrossAttention& cross, std::span<const int32_t> offsets, int64_t rows) {
    const auto num_tokens = static_cast<size_t>(offsets.back());
    Element* queries = projected_.grow(static_cast<size_t>(rows) * 3 * hidden_size_);
    Element* keys_values = queries + static_cast<size_t>(rows) * hidden_size_;
    begin_block(cross.norm, num_tokens);
    products_.run(cross.query, rows, operand_.data(), queries);
    products_.run(cross.key_value, rows, encoded_.data(), keys_values);
    for (size_t row = 0; row < num_tokens; ++row) {
      Element* target = qkv_.data() + row * 3 * hidden_size_;
      std::copy_n(queries + row * hidden_size_, hidden_size_, target);
      std::copy_n(keys_values + row * 2 * hidden_size_, 2 * hidden_size_, target + hidden_size_);
    }
    attend(offsets, visibility_of(DecoderSpec::kCrossAttention));
  }

  /// The activated, and if so specified gated, intermediate values of the operand.
  void widen(const Layer& layer, size_t num_tokens, int64_t rows) {
    if (!spec_.is_gated) {
      products_.run(layer.intermediate, rows, operand_.data(), intermediate_.data());
      return;
    }
    float* halves = wide_.grow(static_cast<size_t>(rows) * 2 * intermediate_size_);
    products_.run(layer.intermediate, rows, operand_.data(), halves);
    kernels_.gate({.num_rows = num_tokens,
                   .width = intermediate_size_,
                   .source = halves,
                   .target = halves,
                   .activation = epilogue_of(spec_.activation)});
    convert(halves, num_tokens * intermediate_size_, intermediate_.data());
  }

  /// Numbers of queries and keys are rounded up to whole steps, so a sequence also scores the rows that
  /// follow it, with probability zero, and writes context rows that the following sequence then overwrites.
  void attend(std::span<const int32_t> offsets, const Visibility& visibility) {
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      const size_t first = static_cast<size_t>(offsets[i]);
      const size_t length = static_cast<size_t>(offsets[i + 1]) - first;
      for (size_t query = 0; query < length; query += kQueriesAtOnce) {
        const size_t last_query = std::min(query + kQueriesAtOnce, length) - 1;
        const Block block{.length = length,
                          .first_query = query,
                          .num_queries = last_query + 1 - query,
                          .first_key = visibility.first_key(query),
                          .end_of_keys = visibility.end_of_keys(last_query, length)};
        attend(block, visibility, qkv_.data() + first * 3 * hidden_size_,
               context_.data() + first * hidden_size_);
      }
    }
  }

  /// Some queries of a sequence and the keys that any of them sees.
  struct Block {
    size_t length;
    size_t first_query, num_queries;
    size_t first_key, end_of_keys;

    size_t padded_queries() const { return whole_steps(num_queries); }
    size_t padded_keys() const { return whole_steps(end_of_keys - first_key); }
  };

  void attend(const Block& block, const Visibility& visibility, const Element* qkv, Element* context) {
    const AttentionShape shape{.element = stack_.element(),
                               .num_queries = static_cast<int64_t>(block.padded_queries()),
                               .num_keys = static_cast<int64_t>(block.padded_keys()),
                               .num_heads = spec_.num_heads,
                               .head_size = spec_.head_size()};
    const size_t num_scores =
        static_cast<size_t>(spec_.num_heads) * block.padded_queries() * block.padded_keys();
    scores_.grow(num_scores);
    probabilities_.grow(num_scores);
    const Element* keys = qkv + (3 * block.first_key + 1) * hidden_size_;
    products_.score(shape, qkv + 3 * block.first_query * hidden_size_, keys, scores_.data());
    soften(block, visibility);
    products_.mix(shape, probabilities_.data(), keys + hidden_size_,
                  context + block.first_query * hidden_size_);
  }

  /// Turns the block's scores into probabilities; rows beyond its queries are left as they are.
  void soften(const Block& block, const Visibility& visibility) {
    const float scale = 1.0f / std::sqrt(static_cast<float>(spec_.head_size()));
    const RelativeBias& bias = stack_.tables().bias;
    const size_t size = block.padded_keys();
    for (size_t head = 0; std::cmp_less(head, spec_.num_heads); ++head) {
      // The head's bias for query 0 and the block's first key.
      const float* head_bias =
          bias.values.empty() ? nullptr : &bias.values[head * bias.stride + bias.center + block.first_key];
      for (size_t i = 0; i < block.num_queries; ++i) {
        const size_t query = block.first_query + i;
        const size_t row = (head * block.padded_queries() + i) * size;
        kernels_.softmax({.begin = visibility.first_key(query) - block.first_key,
                          .end = visibility.end_of_keys(query, block.length) - block.first_key,
                          .size = size,
                          .scale = scale,
                          .scores = scores_.data() + row,
                          .bias = head_bias == nullptr ? nullptr : head_bias - query});
        convert(scores_.data() + row, size, probabilities_.data() + row);
      }
    }
  }

  void normalize(const NormWeights& norm, size_t num_rows, float* target) {
    kernels_.normalize({.num_rows = num_rows,
                        .width = hidden_size_,
                        .source = residual_.data(),
                        .target = target,
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .epsilon = spec_.norm_epsilon});
  }

  const OneDnnLayers& stack_;
  const EncoderSpec& spec_;
  const Kernels& kernels_;
  OneDnnProducts products_;
  size_t hidden_size_;
  size_t intermediate_size_;
  bool normalizes_input_;
  AlignedBuffer<float> residual_;
  AlignedBuffer<float> normalized_;
  AlignedBuffer<float> wide_;
  AlignedBuffer<Element> operand_;
  AlignedBuffer<Element> encoded_;
  AlignedBuffer<Element> projected_;
  AlignedBuffer<Element> qkv_;
  AlignedBuffer<Element> context_;
  AlignedBuffer<Element> intermediate_;
  AlignedBuffer<float> scores_;
  AlignedBuffer<Element> probabilities_;
};

std::unique_ptr<LayerRunner> OneDnnLayers::make_runner() const {
  return at_door([&]() -> std::unique_ptr<LayerRunner> {
    if (element_ == memory::data_type::bf16) return std::make_unique<OneDnnRunner<uint16_t>>(*this);
    return std::make_unique<OneDnnRunner<float>>(*this);
  });
}

}  // namespace

}  // namespace jammi::nn::cpu

const jammi::nn::cpu::LayerStack* jammi_make_onednn_layers(const jammi::nn::cpu::StackSource& source,
                                                           jammi::nn::Precision precision,
                                                           const jammi::nn::cpu::Kernels& kernels) {
  return jammi::nn::cpu::at_door(
      [&] { return new jammi::nn::cpu::OneDnnLayers(source, precision, kernels); });
}
