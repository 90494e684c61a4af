#include "image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace jammi::image {
namespace {

/// The Catmull-Rom filter: cubic convolution with a = -0.5.
double catmull_rom(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/// What one output pixel takes from a row or column of the picture, `weights` of its pixels from `first` on.
/// What they lack to 1 falls on the white margin.
struct Taps {
  size_t first = 0;
  std::vector<float> weights;

  size_t end() const { return first + weights.size(); }
};

/// The taps of each of `size` output pixels over `length` pixels in the middle of `side`.
std::vector<Taps> make_taps(size_t length, size_t side, size_t size) {
  const double ratio = static_cast<double>(side) / static_cast<double>(size);
  const double stretch = std::max(ratio, 1.0);
  const double reach = 2 * stretch;
  const size_t margin = (side - length) / 2;
  std::vector<Taps> taps(size);
  for (size_t i = 0; i < size; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * ratio;
    const auto begin = static_cast<size_t>(std::max(std::floor(center - reach + 0.5), 0.0));
    const auto end = std::min(static_cast<size_t>(center + reach + 0.5), side);
    double total = 0;
    std::vector<double> weights(end - begin);
    for (size_t j = begin; j < end; ++j) {
      weights[j - begin] = catmull_rom((static_cast<double>(j) + 0.5 - center) / stretch);
      total += weights[j - begin];
    }
    const size_t first = std::clamp(begin, margin, margin + length);
    const size_t last = std::clamp(end, margin, margin + length);
    taps[i].first = first - margin;
    for (size_t j = first; j < last; ++j) {
      taps[i].weights.push_back(static_cast<float>(weights[j - begin] / total));
    }
  }
  return taps;
}

/// One row of the picture, resized, as distances from white: [taps.size(), 3].
void resize_row(const uint8_t* row, const std::vector<Taps>& taps, std::vector<float>& resized) {
  for (size_t x = 0; x < taps.size(); ++x) {
    float red = 0;
    float green = 0;
    float blue = 0;
    const uint8_t* pixel = row + taps[x].first * 3;
    for (float weight : taps[x].weights) {
      red += weight * static_cast<float>(255 - pixel[0]);
      green += weight * static_cast<float>(255 - pixel[1]);
      blue += weight * static_cast<float>(255 - pixel[2]);
      pixel += 3;
    }
    resized[x * 3] = red;
    resized[x * 3 + 1] = green;
    resized[x * 3 + 2] = blue;
  }
}

}  // namespace

Image resize_to_square(const Image& image, size_t size) {
  const size_t side = std::max(image.width, image.height);
  const std::vector<Taps> columns = make_taps(image.width, side, size);
  const std::vector<Taps> rows = make_taps(image.height, side, size);
  // Each row of the picture is added to the output rows that take from it: as a distance from white, so that
  // the margin adds nothing.
  std::vector<float> darkness(size * size * 3);
  std::vector<float> resized(size * 3);
  size_t first_target = 0;
  for (size_t y = 0; y < image.height; ++y) {
    resize_row(image.rgb.data() + y * image.width * 3, columns, resized);
    while (first_target < size && rows[first_target].end() <= y) ++first_target;
    for (size_t target = first_target; target < size && rows[target].first <= y; ++target) {
      const float weight = rows[target].weights[y - rows[target].first];
      float* sums = darkness.data() + target * size * 3;
      for (size_t i = 0; i < resized.size(); ++i) sums[i] += weight * resized[i];
    }
  }
  Image square{.width = size, .height = size, .rgb = std::vector<uint8_t>(darkness.size())};
  std::ranges::transform(darkness, square.rgb.begin(), [](float value) {
    return static_cast<uint8_t>(std::clamp(std::round(255 - value), 0.0f, 255.0f));
  });
  return square;
}

void preprocess(const Image& image, const Preprocessing& preprocessing, std::span<float> out) {
  const Image square = resize_to_square(image, preprocessing.size);
  const size_t num_pixels = preprocessing.size * preprocessing.size;
  for (size_t channel = 0; channel < 3; ++channel) {
    const float mean = preprocessing.mean[channel];
    const float deviation = preprocessing.deviation[channel];
    for (size_t i = 0; i < num_pixels; ++i) {
      const float value = static_cast<float>(square.rgb[i * 3 + channel]) / 255;
      out[channel * num_pixels + i] = (value - mean) / deviation;
    }
  }
}

}  // namespace jammi::image
