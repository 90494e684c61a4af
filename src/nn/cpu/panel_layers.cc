#include "nn/cpu/panel_layers.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/kernel_terms.h"
#include "nn/cpu/panel_linear.h"
#include "nn/cpu/quantized_linear.h"

namespace jammi::nn::cpu {
namespace {

/// Rows that go through the whole feed-forward part of a layer before the next ones start, so that its wide
/// intermediate values stay in the cache: as many as a product packs at a time.
constexpr size_t kRowsPerPass = kRowBlock;

/// A linear layer in the form that the stack's precision multiplies by.
using Linear = std::variant<PanelLinear, QuantizedLinear>;

Linear make_linear(const LinearWeights& weights, const Kernels& kernels, Precision precision) {
  if (precision == Precision::Int8) return QuantizedLinear(weights, kernels);
  return PanelLinear(weights, kernels, precision == Precision::Bf16);
}

size_t bytes_of(const Linear& linear) {
  return std::visit([](const auto& form) { return form.bytes(); }, linear);
}

struct CrossAttention {
  Linear query;
  Linear key_value;
  Linear output;
  NormWeights norm;

  CrossAttention(CrossAttentionWeights weights, const Kernels& kernels, Precision precision)
      : query(make_linear(weights.query, kernels, precision)),
        key_value(make_linear(weights.key_value, kernels, precision)),
        output(make_linear(weights.output, kernels, precision)),
        norm(std::move(weights.norm)) {}

  size_t bytes() const { return bytes_of(query) + bytes_of(key_value) + bytes_of(output); }
};

struct Layer {
  Linear qkv;
  Linear attention_output;
  NormWeights attention_norm;
  Linear intermediate;
  Linear output;
  NormWeights feed_forward_norm;
  std::optional<CrossAttention> cross_attention = {};

  size_t bytes() const {
    return bytes_of(qkv) + bytes_of(attention_output) + bytes_of(intermediate) + bytes_of(output) +
           (cross_attention ? cross_attention->bytes() : 0);
  }
};

class PanelLayers final : public LayerStack {
 public:
  PanelLayers(const StackSource& source, Precision precision, const Kernels& kernels)
      : spec_(source.spec), tables_(source.tables), precision_(precision), kernels_(kernels) {
    if (source.input != nullptr) input_.emplace(*source.input, kernels, rounds());
    for (int64_t i = 0; i < spec_.num_layers; ++i) {
      LayerWeights weights = source.read_layer(static_cast<size_t>(i));
      layers_.push_back({.qkv = make_linear(weights.qkv, kernels, precision),
                         .attention_output = make_linear(weights.attention_output, kernels, precision),
                         .attention_norm = std::move(weights.attention_norm),
                         .intermediate = make_linear(weights.intermediate, kernels, precision),
                         .output = make_linear(weights.output, kernels, precision),
                         .feed_forward_norm = std::move(weights.feed_forward_norm)});
      if (!weights.cross_attention) continue;
      layers_.back().cross_attention.emplace(std::move(*weights.cross_attention), kernels, precision);
    }
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = input_ ? input_->bytes() : 0;
    for (const Layer& layer : layers_) bytes += layer.bytes();
    return bytes;
  }

  std::string kernel_name() const override {
    const char* form = precision_ == Precision::Int8 ? "panel_int8:"
                       : rounds()                    ? "panel_rounding:"
                                                     : "panel:";
    return form + std::string(kernels_.name);
  }

  std::unique_ptr<LayerRunner> make_runner() const override;

  const EncoderSpec& spec() const { return spec_; }
  const AttentionTables& tables() const { return tables_; }
  const Kernels& kernels() const { return kernels_; }
  bool rounds() const { return precision_ == Precision::Bf16; }
  const PanelLinear& input() const { return input_.value(); }
  std::span<const Layer> layers() const { return layers_; }

 private:
  EncoderSpec spec_;
  const AttentionTables& tables_;
  Precision precision_;
  const Kernels& kernels_;
  std::optional<PanelLinear> input_;
  std::vector<Layer> layers_;
};

class PanelRunner final : public LayerRunner {
 public:
  explicit PanelRunner(const PanelLayers& stack)
      : stack_(stack),
        spec_(stack.spec()),
        kernels_(stack.kernels()),
        hidden_size_(static_cast<size_t>(spec_.hidden_size)),
        normalizes_input_(spec_.norm_placement == EncoderSpec::NormPlacement::Pre),
        epilogue_(epilogue_of(spec_.activation)) {}

  void project(size_t num_rows, const float* source, float* target) override {
    const PanelLinear& input = stack_.input();
    for_each_pass(num_rows, [&](size_t first, size_t rows) {
      const float* operand = source + first * input.in_features();
      if (stack_.rounds()) operand = rounded(operand, rows * input.in_features());
      multiply(input.product(rows, operand, target + first * input.out_features()), {});
    });
  }

  void run(std::span<const int32_t> offsets, float* hidden, const float* encoded,
           std::span<const int32_t> wanted) override {
    const auto num_tokens = static_cast<size_t>(offsets.back());
    qkv_.grow(num_tokens * 3 * hidden_size_);
    context_.grow(num_tokens * hidden_size_);
    for (size_t i = 0; i < stack_.layers().size(); ++i) {
      const Layer& layer = stack_.layers()[i];
      for_each_pass(num_tokens, [&](size_t first, size_t rows) {
        const float* operand = block_input(layer.attention_norm, hidden + first * hidden_size_, rows);
        multiply(layer.qkv, operand, rows, qkv_.data() + first * 3 * hidden_size_, operand_finish());
      });
      attend(offsets, spec_.attention_of(i));
      if (layer.cross_attention) {
        for_each_pass(num_tokens, [&](size_t first, size_t rows) {
          float* residual = hidden + first * hidden_size_;
          add(layer.attention_output, context_.data() + first * hidden_size_, rows, residual);
          end_block(layer.attention_norm, residual, rows);
          project_cross(*layer.cross_attention, first, rows, residual, encoded + first * hidden_size_);
        });
        attend(offsets, DecoderSpec::kCrossAttention);
      }
      const Linear& attention_output =
          layer.cross_attention ? layer.cross_attention->output : layer.attention_output;
      const NormWeights& attention_norm =
          layer.cross_attention ? layer.cross_attention->norm : layer.attention_norm;
      const bool narrows = !wanted.empty() && i + 1 == stack_.layers().size();
      if (narrows) {
        keep_rows(wanted, hidden_size_, hidden);
        keep_rows(wanted, hidden_size_, context_.data());
      }
      for_each_pass(narrows ? wanted.size() : num_tokens, [&](size_t first, size_t rows) {
        float* residual = hidden + first * hidden_size_;
        add(attention_output, context_.data() + first * hidden_size_, rows, residual);
        end_block(attention_norm, residual, rows);
        feed_forward(layer, rows, residual);
        end_block(layer.feed_forward_norm, residual, rows);
      });
    }
  }

 private:
  template <typename Body>
  static void for_each_pass(size_t num_tokens, const Body& body) {
    for (size_t first = 0; first < num_tokens; first += kRowsPerPass) {
      body(first, std::min(kRowsPerPass, num_tokens - first));
    }
  }

  /// What a block multiplies: the residual's rows, normalised first if the spec says so, and rounded.
  const float* block_input(const NormWeights& norm, const float* residual, size_t rows) {
    if (normalizes_input_ && !norm.is_identity()) {
      float* operand = operand_.grow(kRowsPerPass * hidden_size_);
      normalize(norm, residual, rows, operand);
      residual = operand;
    }
    return stack_.rounds() ? rounded(residual, rows * hidden_size_) : residual;
  }

  const float* rounded(const float* values, size_t size) {
    // The values may be in this very buffer, which growing would empty.
    float* operand = operand_.grow(std::max(size, kRowsPerPass * hidden_size_));
    kernels_.round_to_bf16(values, size, operand);
    return operand;
  }

  void end_block(const NormWeights& norm, float* residual, size_t rows) {
    if (!normalizes_input_ && !norm.is_identity()) normalize(norm, residual, rows, residual);
  }

  /// Queries of a decoder's rows, keys and values of the encoder's, to where self-attention has its own.
  void project_cross(const CrossAttention& cross, size_t first, size_t rows, const float* residual,
                     const float* encoded) {
    float* queries = projected_.grow(kRowsPerPass * 3 * hidden_size_);
    float* keys_values = queries + rows * hidden_size_;
    multiply(cross.query, block_input(cross.norm, residual, rows), rows, queries, operand_finish());
    multiply(cross.key_value, block_input({}, encoded, rows), rows, keys_values, operand_finish());
    for (size_t row = 0; row < rows; ++row) {
      float* target = qkv_.data() + (first + row) * 3 * hidden_size_;
      std::copy_n(queries + row * hidden_size_, hidden_size_, target);
      std::copy_n(keys_values + row * 2 * hidden_size_, 2 * hidden_size_, target + hidden_size_);
    }
  }

  /// For results that another product multiplies.
  Finish operand_finish() const { return {.rounds_to_bf16 = stack_.rounds()}; }

  void multiply(const Linear& linear, const float* operand, size_t rows, float* target,
                const Finish& finish) {
    if (const auto* quantized = std::get_if<QuantizedLinear>(&linear)) {
      quantized->multiply(kernels_, rows, operand, target, finish, quantized_rows_);
      return;
    }
    multiply(std::get<PanelLinear>(linear).product(rows, operand, target), finish);
  }

  void multiply(Product product, const Finish& finish) {
    product.finish = finish;
    product.scratch = scratch_.grow(kProductScratch);
    kernels_.multiply(product);
  }

  void attend(std::span<const int32_t> offsets, const AttentionSpec& attention) {
    const size_t num_heads = static_cast<size_t>(spec_.num_heads);
    const size_t head_size = static_cast<size_t>(spec_.head_size());
    const RelativeBias& bias = stack_.tables().bias;
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      const size_t first = static_cast<size_t>(offsets[i]);
      const size_t length = static_cast<size_t>(offsets[i + 1]) - first;
      float* qkv = qkv_.data() + first * 3 * hidden_size_;
      if (attention.rotary_base > 0) rotate(attention.rotary_base, length, qkv);
      kernels_.attend({.length = length,
                       .num_heads = num_heads,
                       .head_size = head_size,
                       .visibility = visibility_of(attention),
                       .qkv = qkv,
                       .context = context_.data() + first * hidden_size_,
                       .scratch = scratch_.grow(kernels_.attention_scratch(length, head_size)),
                       .rounds_to_bf16 = stack_.rounds(),
                       .bias = bias.values.empty() ? nullptr : bias.values.data() + bias.center,
                       .bias_stride = bias.stride});
    }
  }

  void rotate(double base, size_t length, float* qkv) {
    const RotaryTable& table = stack_.tables().rotary.at(base);
    kernels_.rotate({.length = length,
                     .num_heads = static_cast<size_t>(spec_.num_heads),
                     .head_size = static_cast<size_t>(spec_.head_size()),
                     .qkv = qkv,
                     .cosines = table.cosines.data(),
                     .sines = table.sines.data(),
                     .rounds_to_bf16 = stack_.rounds()});
  }

  void add(const Linear& linear, const float* operand, size_t rows, float* residual) {
    multiply(linear, operand, rows, residual, {.adds_to_target = true});
  }

  void feed_forward(const Layer& layer, size_t rows, float* residual) {
    const auto width = static_cast<size_t>(spec_.intermediate_size);
    float* intermediate = intermediate_.grow(kRowsPerPass * width * (spec_.is_gated ? 2 : 1));
    const float* operand = block_input(layer.feed_forward_norm, residual, rows);
    if (spec_.is_gated) {
      multiply(layer.intermediate, operand, rows, intermediate, {});
      kernels_.gate({.num_rows = rows,
                     .width = width,
                     .source = intermediate,
                     .target = intermediate,
                     .activation = epilogue_,
                     .rounds_to_bf16 = stack_.rounds()});
    } else {
      Finish finish = operand_finish();
      finish.epilogue = epilogue_;
      multiply(layer.intermediate, operand, rows, intermediate, finish);
    }
    add(layer.output, intermediate, rows, residual);
  }

  void normalize(const NormWeights& norm, const float* source, size_t rows, float* target) {
    kernels_.normalize({.num_rows = rows,
                        .width = hidden_size_,
                        .source = source,
                        .target = target,
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .epsilon = spec_.norm_epsilon});
  }

  const PanelLayers& stack_;
  const EncoderSpec& spec_;
  const Kernels& kernels_;
  size_t hidden_size_;
  bool normalizes_input_;
  Epilogue epilogue_;
  AlignedBuffer<float> operand_;
  QuantizedRows quantized_rows_;
  AlignedBuffer<float> projected_;
  AlignedBuffer<float> qkv_;
  AlignedBuffer<float> context_;
  AlignedBuffer<float> intermediate_;
  AlignedBuffer<float> scratch_;
};

std::unique_ptr<LayerRunner> PanelLayers::make_runner() const {
  return std::make_unique<PanelRunner>(*this);
}

}  // namespace

std::unique_ptr<const LayerStack> make_panel_layers(const StackSource& source, Precision precision,
                                                    const Kernels& kernels) {
  return std::make_unique<PanelLayers>(source, precision, kernels);
}

}  // namespace jammi::nn::cpu
