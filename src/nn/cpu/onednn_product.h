#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include <oneapi/dnnl/dnnl.hpp>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/layers.h"

/// Matrix products through oneDNN in f32, or in bf16 with f32 accumulation. Shapes are always static:
/// products with run-time dimensions are slower and were seen to give wrong results (oneDNN 3.12, bf16 on
/// AMX).
namespace jammi::nn::cpu {

/// What a product does with its sums: store them as elements, after an activation or not, store them as f32,
/// or add them to f32 values.
enum class ProductEnd { Store, Gelu, GeluTanh, QuickGelu, Relu, StoreF32, AddToF32 };

/// What decides which primitive computes a linear layer. `element` is the type of operands and stored
/// results.
struct ProductShape {
  dnnl::memory::data_type element = dnnl::memory::data_type::f32;
  int64_t in_features = 0;
  int64_t out_features = 0;
  ProductEnd end = ProductEnd::Store;
  auto operator<=>(const ProductShape&) const = default;
};

/// A linear layer whose weights lie in the order that oneDNN wants on this CPU. Immutable and thread-safe.
class OneDnnLinear {
 public:
  OneDnnLinear(const dnnl::engine& engine, const LinearWeights& weights, dnnl::memory::data_type element,
               ProductEnd end);

  const ProductShape& shape() const { return shape_; }
  const dnnl::memory& weights() const { return weights_; }
  const dnnl::memory& bias() const { return bias_; }
  size_t bytes() const { return weights_.get_desc().get_size() + bias_.get_desc().get_size(); }

  /// Name of the implementation that oneDNN chose, such as brg_matmul:avx10_1_512_amx.
  const std::string& implementation() const { return implementation_; }

 private:
  ProductShape shape_;
  dnnl::memory weights_;
  dnnl::memory bias_;
  std::string implementation_;
};

/// What decides which primitives compute the attention of some queries of a sequence to some of its keys.
struct AttentionShape {
  dnnl::memory::data_type element = dnnl::memory::data_type::f32;
  int64_t num_queries = 0;
  int64_t num_keys = 0;
  int64_t num_heads = 0;
  int64_t head_size = 0;
  int64_t width() const { return num_heads * head_size; }
  auto operator<=>(const AttentionShape&) const = default;
};

/// Primitives for the shapes seen so far, and their scratch memory, for one thread. The pointers are to
/// elements of the shape's type unless said otherwise.
class OneDnnProducts {
 public:
  explicit OneDnnProducts(const dnnl::engine& engine) : engine_(engine), stream_(engine) {}

  /// `rows` of `source` through `linear` into `target` (f32 for StoreF32 and AddToF32). Call it with few
  /// different row counts: see bucket_of.
  void run(const OneDnnLinear& linear, int64_t rows, const void* source, void* target);

  /// scores[h, i, j] = query i . key j of head h, f32 [num_heads, num_queries, num_keys]. Queries and keys
  /// are rows of [tokens, 3, num_heads, head_size].
  void score(const AttentionShape& shape, const void* queries, const void* keys, float* scores);

  /// context[i, h] = sum over j of probabilities[h, i, j] * value j of head h; values are rows like keys,
  /// context is [num_queries, num_heads, head_size].
  void mix(const AttentionShape& shape, const void* probabilities, const void* values, void* context);

 private:
  struct Prepared {
    dnnl::matmul primitive;
    dnnl::memory source;
    dnnl::memory weights;
    dnnl::memory target;
    dnnl::memory::desc scratch;
  };

  Prepared prepare(const dnnl::matmul::primitive_desc& description) const;
  void execute(const Prepared& prepared, std::unordered_map<int, dnnl::memory> arguments);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<std::pair<ProductShape, int64_t>, Prepared> linears_;
  std::map<AttentionShape, Prepared> scores_;
  std::map<AttentionShape, Prepared> mixes_;
  AlignedBuffer<std::byte> scratch_;
};

/// The token count, at least `num_tokens`, that linear layers compute: a multiple of 8 up to 64, of 32 above,
/// so that few different primitives are ever made.
int64_t bucket_of(int64_t num_tokens) noexcept;

}  // namespace jammi::nn::cpu
