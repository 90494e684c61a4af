#include "nn/dense.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/weights.h"
#include "numerics/vector_ops.h"

namespace jammi::nn {
namespace {

float activate(Dense::Activation activation, float x) {
  switch (activation) {
    case Dense::Activation::Identity:
      return x;
    case Dense::Activation::Tanh:
      return std::tanh(x);
    case Dense::Activation::Gelu:
      return 0.5f * x * (1 + std::erf(x / std::numbers::sqrt2_v<float>));
    case Dense::Activation::Relu:
      return std::max(x, 0.0f);
  }
  return x;
}

}  // namespace

Dense::Dense(int64_t in_features, int64_t out_features, Activation activation)
    : in_features_(static_cast<size_t>(in_features)),
      out_features_(static_cast<size_t>(out_features)),
      activation_(activation),
      bias_(out_features_) {}

Dense Dense::read(const TensorSource& source, const LinearNames& names, int64_t in_features,
                  int64_t out_features, Activation activation) {
  Dense dense(in_features, out_features, activation);
  dense.weight_ = read_weight(source, names.weight, {out_features, in_features});
  if (!names.bias.empty()) dense.bias_ = read_weight(source, names.bias, {out_features});
  return dense;
}

Dense Dense::read_transposed(const TensorSource& source, const std::string& name, int64_t in_features,
                             int64_t out_features) {
  Dense dense(in_features, out_features, Activation::Identity);
  const std::vector<float> transposed = read_weight(source, name, {in_features, out_features});
  dense.weight_.resize(transposed.size());
  for (size_t i = 0; i < dense.in_features_; ++i) {
    for (size_t o = 0; o < dense.out_features_; ++o) {
      dense.weight_[o * dense.in_features_ + i] = transposed[i * dense.out_features_ + o];
    }
  }
  return dense;
}

std::vector<float> Dense::apply(std::span<const float> rows) const {
  std::vector<float> out(rows.size() / in_features_ * out_features_);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto row = rows.subspan(i / out_features_ * in_features_, in_features_);
    const size_t output = i % out_features_;
    const auto weights = std::span(weight_).subspan(output * in_features_, in_features_);
    out[i] = activate(activation_, numerics::dot(row, weights) + bias_[output]);
  }
  return out;
}

}  // namespace jammi::nn
