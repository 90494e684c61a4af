#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include <oneapi/dnnl/dnnl.hpp>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/layers.h"

/// bf16 matrix products through oneDNN with f32 accumulation. Shapes are always static: products with run-time
/// dimensions are slower and were seen to give wrong results (oneDNN 3.12, bf16 on AMX).
namespace jammi::nn::cpu {

/// What a product writes: bf16 values after an optional activation, or f32 values added to what is there.
enum class ProductEnd { Store, Gelu, GeluTanh, Relu, AddToF32 };

/// The part of a linear layer that decides which primitive computes it.
struct ProductShape {
  int64_t in_features = 0;
  int64_t out_features = 0;
  ProductEnd end = ProductEnd::Store;
  auto operator<=>(const ProductShape&) const = default;
};

/// A linear layer with bf16 weights in the order that oneDNN wants on this CPU. Immutable and thread-safe.
class OneDnnLinear {
 public:
  OneDnnLinear(const dnnl::engine& engine, const LinearWeights& weights, ProductEnd end);

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

/// Primitives for the token counts seen so far, and their scratch memory, for one thread.
class OneDnnProducts {
 public:
  explicit OneDnnProducts(const dnnl::engine& engine) : engine_(engine), stream_(engine) {}

  /// `rows` of `source` (bf16) through `linear` into `target` (bf16, or f32 for AddToF32). Call it with few different
  /// row counts: see bucket_of.
  void run(const OneDnnLinear& linear, int64_t rows, const uint16_t* source, void* target);

  /// Scores of all heads of one sequence: scores[h, i, j] = query i . key j, f32 [num_heads, length, length].
  /// `qkv` is bf16 [length, 3, num_heads, head_size].
  void score(int64_t length, int64_t num_heads, int64_t head_size, const uint16_t* qkv, float* scores);

  /// context[i, h] = sum over j of probabilities[h, i, j] value j; bf16, context [length, num_heads, head_size].
  void mix(int64_t length, int64_t num_heads, int64_t head_size, const uint16_t* probabilities,
           const uint16_t* qkv, uint16_t* context);

 private:
  struct Prepared {
    dnnl::matmul primitive;
    dnnl::memory source;
    dnnl::memory weights;
    dnnl::memory target;
    dnnl::memory::desc scratch;
  };
  using AttentionShape = std::tuple<int64_t, int64_t, int64_t>;

  Prepared prepare(const dnnl::matmul::primitive_desc& description) const;
  void execute(Prepared& prepared, std::initializer_list<std::pair<const int, dnnl::memory>> constants);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<std::pair<ProductShape, int64_t>, Prepared> linears_;
  std::map<AttentionShape, Prepared> scores_;
  std::map<AttentionShape, Prepared> mixes_;
  AlignedBuffer<std::byte> scratch_;
};

/// The token count, at least `num_tokens`, that linear layers compute: a multiple of 8 up to 64, of 32 above, so that
/// few different primitives are ever made.
int64_t bucket_of(int64_t num_tokens) noexcept;

}  // namespace jammi::nn::cpu
