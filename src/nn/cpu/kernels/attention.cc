#include "nn/cpu/kernels/table.h"
#include "nn/cpu/kernels/tile.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

size_t rounded_up(size_t size, size_t step) {
  return (size + step - 1) / step * step;
}

size_t padded(size_t size) {
  return rounded_up(size, kPanelWidth);
}

/// Writes kLanes columns of `num_keys` <= kLanes keys, rows `stride` apart, as rows kPanelWidth apart; zeros
/// for the keys that are missing.
void pack_square(const float* keys, size_t stride, size_t num_keys, float* panel) {
  Vec rows[kLanes];
#pragma GCC unroll 16
  for (size_t key = 0; key < kLanes; ++key) rows[key] = key < num_keys ? load(keys + key * stride) : Vec{};
  transpose(rows);
#pragma GCC unroll 16
  for (size_t i = 0; i < kLanes; ++i) store(panel + i * kPanelWidth, rows[i]);
}

/// Cuts the keys of a head ([length, head_size], rows `stride` apart) into panels of transposed keys.
void pack_keys(const float* keys, size_t stride, size_t length, size_t head_size, float* panels) {
  const size_t whole = head_size / kLanes * kLanes;
  for (size_t first = 0; first < rounded_up(length, kPanelWidth); first += kLanes) {
    const size_t rest = length < first ? 0 : length - first;
    const size_t num_keys = rest < kLanes ? rest : kLanes;
    const float* rows = keys + (num_keys == 0 ? 0 : first) * stride;
    float* panel = panels + first / kPanelWidth * kPanelWidth * head_size + first % kPanelWidth;
    for (size_t i = 0; i < whole; i += kLanes)
      pack_square(rows + i, stride, num_keys, panel + i * kPanelWidth);
    for (size_t i = whole; i < head_size; ++i) {
      for (size_t key = 0; key < kLanes; ++key) {
        panel[i * kPanelWidth + key] = key < num_keys ? rows[key * stride + i] : 0.0f;
      }
    }
  }
}

/// Cuts the values of a head ([length, head_size], rows `stride` apart) into panels of columns.
void pack_values(const float* values, size_t stride, size_t length, size_t head_size, float* panels) {
  for (size_t first = 0; first < head_size; first += kPanelWidth) {
    const size_t width = head_size - first < kPanelWidth ? head_size - first : kPanelWidth;
    for (size_t token = 0; token < length; ++token, panels += kPanelWidth) {
      const float* row = values + token * stride + first;
      if (width == kPanelWidth) {
        store(panels, load(row));
        store(panels + kLanes, load(row + kLanes));
      } else {
        for (size_t i = 0; i < kPanelWidth; ++i) panels[i] = i < width ? row[i] : 0.0f;
      }
    }
  }
}

/// Replaces scores by exp(scale * (score - maximum)) and returns their sum. Only [begin, end) is visible: the
/// rest, from 0 to a whole vector behind `end`, counts as infinitely small.
float exponentiate(float* scores, size_t begin, size_t end, float scale, bool rounds_to_bf16) {
  constexpr float kLowest = -3.0e38f;
  const size_t size = rounded_up(end, kLanes);
  for (size_t i = 0; i < begin; ++i) scores[i] = kLowest;
  for (size_t i = end; i < size; ++i) scores[i] = kLowest;
  Vec largest = broadcast(kLowest);
  for (size_t i = 0; i < size; i += kLanes) largest = larger(largest, load(scores + i));
  const Vec shift = broadcast(maximum(largest));
  const float factor = scale * kLog2E;
  Vec total = {};
  for (size_t i = 0; i < size; i += kLanes) {
    const Vec power = exp2((load(scores + i) - shift) * factor);
    total += power;
    store(scores + i, rounds_to_bf16 ? rounded_to_bf16(power) : power);
  }
  return sum(total);
}

/// Adds `size` values of a bias, rounded up to whole vectors, to scores.
void add_bias(float* scores, const float* bias, size_t size) {
  for (size_t i = 0; i < size; i += kLanes) store(scores + i, load(scores + i) + load(bias + i));
}

/// One head: a tile of queries meets all keys that any of them sees, then their values, while its scores stay
/// in the first-level cache.
struct Head {
  const Attention& attention;
  const float* queries;
  const float* key_panels;
  const float* value_panels;
  const float* bias;  ///< the head's, null for none
  float* scores;      ///< [kTileRows, padded(length)]
  float* context;

  template <size_t Rows>
  void run(size_t first_row) const {
    const size_t width = attention.num_heads * attention.head_size;
    const size_t length = attention.length;
    const size_t head_size = attention.head_size;
    const size_t stride = padded(length);
    const Visibility visibility = attention.visibility;
    const size_t begin = visibility.first_key(first_row) / kPanelWidth * kPanelWidth;
    const size_t end = visibility.end_of_keys(first_row + Rows - 1, length);
    for (size_t first = begin; first < end; first += kPanelWidth) {
      Tile<Rows> tile;
      tile.add_product(queries + first_row * 3 * width, 3 * width, key_panels + first * head_size, head_size);
      for (size_t row = 0; row < Rows; ++row) {
        store(scores + row * stride + first, tile.left[row]);
        store(scores + row * stride + first + kLanes, tile.right[row]);
      }
    }
    float inverse[Rows];
    for (size_t row = 0; row < Rows; ++row) {
      inverse[row] = 1.0f / soften(scores + row * stride, first_row + row, begin, end);
    }
    for (size_t first = 0; first < head_size; first += kPanelWidth) {
      Tile<Rows> tile;
      tile.add_product(scores + begin, stride, value_panels + first * length + begin * kPanelWidth,
                       end - begin);
      const size_t rest = head_size - first;
      for (size_t row = 0; row < Rows; ++row) {
        float* out = context + (first_row + row) * width + first;
        store_columns(out, tile.left[row] * inverse[row], rest);
        if (rest > kLanes) store_columns(out + kLanes, tile.right[row] * inverse[row], rest - kLanes);
      }
    }
  }

 private:
  /// Makes probabilities, not yet divided by their returned sum, of a query's scores of keys [begin, end).
  float soften(float* row, size_t query, size_t begin, size_t end) const {
    if (bias != nullptr) add_bias(row + begin, bias + begin - query, end - begin);
    const size_t first_visible = attention.visibility.first_key(query) - begin;
    const size_t end_of_visible = attention.visibility.end_of_keys(query, attention.length) - begin;
    const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(attention.head_size));
    const float total =
        exponentiate(row + begin, first_visible, end_of_visible, scale, attention.rounds_to_bf16);
    for (size_t i = rounded_up(begin + end_of_visible, kLanes); i < end; ++i) row[i] = 0;
    return total;
  }

  void store_columns(float* out, Vec value, size_t size) const {
    if (attention.rounds_to_bf16) value = rounded_to_bf16(value);
    if (size >= kLanes) {
      store(out, value);
    } else {
      store_partial(out, value, size);
    }
  }
};

}  // namespace

size_t attention_scratch(size_t length, size_t head_size) noexcept {
  return padded(length) * head_size + length * padded(head_size) + kTileRows * padded(length);
}

void attend(const Attention& attention) noexcept {
  const size_t width = attention.num_heads * attention.head_size;
  float* key_panels = attention.scratch;
  float* value_panels = key_panels + padded(attention.length) * attention.head_size;
  float* scores = value_panels + attention.length * padded(attention.head_size);
  for (size_t head = 0; head < attention.num_heads; ++head) {
    const float* queries = attention.qkv + head * attention.head_size;
    pack_keys(queries + width, 3 * width, attention.length, attention.head_size, key_panels);
    pack_values(queries + 2 * width, 3 * width, attention.length, attention.head_size, value_panels);
    const float* bias = attention.bias == nullptr ? nullptr : attention.bias + head * attention.bias_stride;
    for_each_tile(attention.length, Head{
                                        .attention = attention,
                                        .queries = queries,
                                        .key_panels = key_panels,
                                        .value_panels = value_panels,
                                        .bias = bias,
                                        .scores = scores,
                                        .context = attention.context + head * attention.head_size,
                                    });
  }
}

void softmax(const RowSoftmax& row) noexcept {
  if (row.bias != nullptr) add_bias(row.scores, row.bias, row.size);
  const size_t end = rounded_up(row.end, kLanes);
  const float inverse = 1.0f / exponentiate(row.scores, row.begin, row.end, row.scale, false);
  for (size_t i = 0; i < end; i += kLanes) store(row.scores + i, load(row.scores + i) * inverse);
  for (size_t i = 0; i < row.begin; ++i) row.scores[i] = 0;
  for (size_t i = row.end; i < row.size; ++i) row.scores[i] = 0;
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
