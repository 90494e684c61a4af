#include "nn/cpu/onednn_product.h"

#include <cstring>

namespace jammi::nn::cpu {
namespace {

using dnnl::memory;
using Dims = memory::dims;
constexpr auto kBf16 = memory::data_type::bf16;
constexpr auto kF32 = memory::data_type::f32;

/// Row count for which weights are laid out; every other row count gets its layout from this one.
constexpr int64_t kLayoutRows = 512;

dnnl::primitive_attr attributes(ProductEnd end) {
  dnnl::post_ops operations;
  switch (end) {
    case ProductEnd::Store:
      break;
    case ProductEnd::Gelu:
      operations.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0, 0);
      break;
    case ProductEnd::GeluTanh:
      operations.append_eltwise(dnnl::algorithm::eltwise_gelu_tanh, 0, 0);
      break;
    case ProductEnd::Relu:
      operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
      break;
    case ProductEnd::AddToF32:
      operations.append_sum(1);
      break;
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const ProductShape& shape, int64_t rows,
                                      const memory::desc& weights) {
  const memory::desc source({rows, shape.in_features}, kBf16, memory::format_tag::ab);
  const memory::desc bias({1, shape.out_features}, kF32, memory::format_tag::ab);
  const memory::desc target({rows, shape.out_features}, shape.end == ProductEnd::AddToF32 ? kF32 : kBf16,
                            memory::format_tag::ab);
  return {engine, source, weights, bias, target, attributes(shape.end)};
}

/// memory::set_data_handle takes void* also for what is only read.
void point(memory& where, const void* data) {
  where.set_data_handle(const_cast<void*>(data));
}

}  // namespace

OneDnnLinear::OneDnnLinear(const dnnl::engine& engine, const LinearWeights& weights, ProductEnd end)
    : shape_{.in_features = static_cast<int64_t>(weights.in_features),
             .out_features = static_cast<int64_t>(weights.out_features),
             .end = end} {
  const Dims dims{shape_.in_features, shape_.out_features};
  const auto description =
      describe(engine, shape_, kLayoutRows, memory::desc(dims, kBf16, memory::format_tag::any));
  implementation_ = description.impl_info_str();
  weights_ = memory(description.weights_desc(), engine);
  bias_ = memory(description.bias_desc(), engine);
  std::memcpy(bias_.get_data_handle(), weights.bias.data(), weights.bias.size() * sizeof(float));
  memory plain(memory::desc(dims, kF32, memory::format_tag::ba), engine, nullptr);
  point(plain, weights.weight.data());
  dnnl::stream stream(engine);
  dnnl::reorder(plain, weights_).execute(stream, plain, weights_);
  stream.wait();
}

OneDnnProducts::Prepared OneDnnProducts::prepare(const dnnl::matmul::primitive_desc& description) const {
  return {.primitive = dnnl::matmul(description),
          .source = memory(description.src_desc(), engine_, nullptr),
          .weights = memory(description.weights_desc(), engine_, nullptr),
          .target = memory(description.dst_desc(), engine_, nullptr),
          .scratch = description.scratchpad_desc()};
}

void OneDnnProducts::execute(Prepared& prepared,
                             std::initializer_list<std::pair<const int, memory>> constants) {
  memory scratch(prepared.scratch, engine_, scratch_.grow(prepared.scratch.get_size()));
  std::unordered_map<int, memory> arguments(constants);
  arguments.emplace(DNNL_ARG_SRC, prepared.source);
  arguments.emplace(DNNL_ARG_WEIGHTS, prepared.weights);
  arguments.emplace(DNNL_ARG_DST, prepared.target);
  arguments.emplace(DNNL_ARG_SCRATCHPAD, scratch);
  prepared.primitive.execute(stream_, arguments);
}

void OneDnnProducts::run(const OneDnnLinear& linear, int64_t rows, const uint16_t* source, void* target) {
  const std::pair key(linear.shape(), rows);
  auto found = linears_.find(key);
  if (found == linears_.end()) {
    const auto description = describe(engine_, linear.shape(), rows, linear.weights().get_desc());
    found = linears_.emplace(key, prepare(description)).first;
  }
  Prepared& prepared = found->second;
  point(prepared.source, source);
  point(prepared.target, target);
  execute(prepared, {{DNNL_ARG_WEIGHTS, linear.weights()}, {DNNL_ARG_BIAS, linear.bias()}});
}

void OneDnnProducts::score(int64_t length, int64_t num_heads, int64_t head_size, const uint16_t* qkv,
                           float* scores) {
  const int64_t width = num_heads * head_size;
  const AttentionShape key(length, num_heads, head_size);
  auto found = scores_.find(key);
  if (found == scores_.end()) {
    const memory::desc queries({num_heads, length, head_size}, kBf16, Dims{head_size, 3 * width, 1});
    const memory::desc keys({num_heads, head_size, length}, kBf16, Dims{head_size, 1, 3 * width});
    const memory::desc target({num_heads, length, length}, kF32, memory::format_tag::abc);
    const dnnl::matmul::primitive_desc description(engine_, queries, keys, target, attributes(ProductEnd::Store));
    found = scores_.emplace(key, prepare(description)).first;
  }
  Prepared& prepared = found->second;
  point(prepared.source, qkv);
  point(prepared.weights, qkv + width);
  point(prepared.target, scores);
  execute(prepared, {});
}

void OneDnnProducts::mix(int64_t length, int64_t num_heads, int64_t head_size, const uint16_t* probabilities,
                         const uint16_t* qkv, uint16_t* context) {
  const int64_t width = num_heads * head_size;
  const AttentionShape key(length, num_heads, head_size);
  auto found = mixes_.find(key);
  if (found == mixes_.end()) {
    const memory::desc source({num_heads, length, length}, kBf16, memory::format_tag::abc);
    const memory::desc values({num_heads, length, head_size}, kBf16, Dims{head_size, 3 * width, 1});
    const memory::desc target({num_heads, length, head_size}, kBf16, Dims{head_size, width, 1});
    const dnnl::matmul::primitive_desc description(engine_, source, values, target, attributes(ProductEnd::Store));
    found = mixes_.emplace(key, prepare(description)).first;
  }
  Prepared& prepared = found->second;
  point(prepared.source, probabilities);
  point(prepared.weights, qkv + 2 * width);
  point(prepared.target, context);
  execute(prepared, {});
}

int64_t bucket_of(int64_t num_tokens) noexcept {
  const int64_t step = num_tokens <= 64 ? 8 : 32;
  return (num_tokens + step - 1) / step * step;
}

}  // namespace jammi::nn::cpu
