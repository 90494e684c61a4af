#include "nn/head.h"

#include <cmath>

namespace jammi::nn {
namespace {

void normalize(const Head::Norm& norm, std::span<float> rows) {
  const size_t width = norm.weight.size();
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    const std::span<float> row = rows.subspan(begin, width);
    double mean = 0;
    double variance = 0;
    for (float value : row) mean += value;
    mean /= static_cast<double>(width);
    for (float value : row) variance += (value - mean) * (value - mean);
    const double deviation = std::sqrt(variance / static_cast<double>(width) + norm.epsilon);
    for (size_t i = 0; i < width; ++i) {
      const float bias = norm.bias.empty() ? 0 : norm.bias[i];
      row[i] = static_cast<float>((row[i] - mean) / deviation) * norm.weight[i] + bias;
    }
  }
}

}  // namespace

std::vector<float> Head::apply(std::span<const float> rows) const {
  if (!hidden) return output.apply(rows);
  std::vector<float> values = hidden->apply(rows);
  if (norm) normalize(*norm, values);
  return output.apply(values);
}

}  // namespace jammi::nn
