#include "nn/cpu/onednn_product.h"

#include <cstring>

namespace jammi::nn::cpu {
namespace {

using dnnl::memory;
using Dims = memory::dims;
constexpr auto kF32 = memory::data_type::f32;

/// Row count for which weights are laid out; every other row count gets its layout from this one.
constexpr int64_t kLayoutRows = 512;

dnnl::primitive_attr attributes(ProductEnd end) {
  dnnl::post_ops operations;
  switch (end) {
    case ProductEnd::Store:
    case ProductEnd::StoreF32:
      break;
    case ProductEnd::Gelu:
      operations.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0, 0);
      break;
    case ProductEnd::GeluTanh:
      operations.append_eltwise(dnnl::algorithm::eltwise_gelu_tanh, 0, 0);
      break;
    case ProductEnd::QuickGelu:
      operations.append_eltwise(dnnl::algorithm::eltwise_swish, 1.702f, 0);
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

memory::data_type target_type(const ProductShape& shape) {
  const bool is_f32 = shape.end == ProductEnd::StoreF32 || shape.end == ProductEnd::AddToF32;
  return is_f32 ? kF32 : shape.element;
}

dnnl::matmul::primitive_desc describe_linear(const dnnl::engine& engine, const ProductShape& shape,
                                             int64_t rows, const memory::desc& weights) {
  const memory::desc source({rows, shape.in_features}, shape.element, memory::format_tag::ab);
  const memory::desc bias({1, shape.out_features}, kF32, memory::format_tag::ab);
  const memory::desc target({rows, shape.out_features}, target_type(shape), memory::format_tag::ab);
  return {engine, source, weights, bias, target, attributes(shape.end)};
}

dnnl::matmul::primitive_desc describe_score(const dnnl::engine& engine, const AttentionShape& shape) {
  const auto [element, num_queries, num_keys, heads, head_size] = shape;
  const int64_t row = 3 * shape.width();
  const memory::desc queries({heads, num_queries, head_size}, element, Dims{head_size, row, 1});
  const memory::desc keys({heads, head_size, num_keys}, element, Dims{head_size, 1, row});
  const memory::desc scores({heads, num_queries, num_keys}, kF32, memory::format_tag::abc);
  return {engine, queries, keys, scores, attributes(ProductEnd::Store)};
}

dnnl::matmul::primitive_desc describe_mix(const dnnl::engine& engine, const AttentionShape& shape) {
  const auto [element, num_queries, num_keys, heads, head_size] = shape;
  const memory::desc probabilities({heads, num_queries, num_keys}, element, memory::format_tag::abc);
  const memory::desc values({heads, num_keys, head_size}, element, Dims{head_size, 3 * shape.width(), 1});
  const memory::desc context({heads, num_queries, head_size}, element, Dims{head_size, shape.width(), 1});
  return {engine, probabilities, values, context, attributes(ProductEnd::Store)};
}

/// memory::set_data_handle takes void* also for what is only read.
void point(memory& where, const void* data) {
  where.set_data_handle(const_cast<void*>(data));
}

}  // namespace

OneDnnLinear::OneDnnLinear(const dnnl::engine& engine, const LinearWeights& weights,
                           memory::data_type element, ProductEnd end)
    : shape_{.element = element,
             .in_features = static_cast<int64_t>(weights.in_features),
             .out_features = static_cast<int64_t>(weights.out_features),
             .end = end} {
  const Dims dims{shape_.in_features, shape_.out_features};
  const auto description =
      describe_linear(engine, shape_, kLayoutRows, memory::desc(dims, element, memory::format_tag::any));
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

void OneDnnProducts::execute(const Prepared& prepared, std::unordered_map<int, memory> arguments) {
  arguments.emplace(DNNL_ARG_SRC, prepared.source);
  arguments.emplace(DNNL_ARG_WEIGHTS, prepared.weights);
  arguments.emplace(DNNL_ARG_DST, prepared.target);
  arguments.emplace(DNNL_ARG_SCRATCHPAD,
                    memory(prepared.scratch, engine_, scratch_.grow(prepared.scratch.get_size())));
  prepared.primitive.execute(stream_, arguments);
}

void OneDnnProducts::run(const OneDnnLinear& linear, int64_t rows, const void* source, void* target) {
  const std::pair key(linear.shape(), rows);
  auto found = linears_.find(key);
  if (found == linears_.end()) {
    const auto description = describe_linear(engine_, linear.shape(), rows, linear.weights().get_desc());
    found = linears_.emplace(key, prepare(description)).first;
  }
  Prepared& prepared = found->second;
  point(prepared.source, source);
  point(prepared.target, target);
  execute(prepared, {{DNNL_ARG_WEIGHTS, linear.weights()}, {DNNL_ARG_BIAS, linear.bias()}});
}

void OneDnnProducts::score(const AttentionShape& shape, const void* queries, const void* keys,
                           float* scores) {
  auto found = scores_.find(shape);
  if (found == scores_.end()) found = scores_.emplace(shape, prepare(describe_score(engine_, shape))).first;
  Prepared& prepared = found->second;
  point(prepared.source, queries);
  point(prepared.weights, keys);
  point(prepared.target, scores);
  execute(prepared, {});
}

void OneDnnProducts::mix(const AttentionShape& shape, const void* probabilities, const void* values,
                         void* context) {
  auto found = mixes_.find(shape);
  if (found == mixes_.end()) found = mixes_.emplace(shape, prepare(describe_mix(engine_, shape))).first;
  Prepared& prepared = found->second;
  point(prepared.source, probabilities);
  point(prepared.weights, values);
  point(prepared.target, context);
  execute(prepared, {});
}

int64_t bucket_of(int64_t num_tokens) noexcept {
  const int64_t step = num_tokens <= 64 ? 8 : 32;
  return (num_tokens + step - 1) / step * step;
}

}  // namespace jammi::nn::cpu
