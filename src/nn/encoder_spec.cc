#include "nn/encoder_spec.h"

#include <string>
#include <utility>

#include <jammi/error.h>

namespace jammi::nn {
namespace {

[[noreturn]] void throw_unfit(const std::string& problem) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model, problem);
}

bool fits_vocabulary(const EncoderSpec& spec) {
  return spec.vocab_size > 0 && spec.position_offset >= 0 && spec.max_tokens() > 0 &&
         spec.padding_id < spec.max_positions && spec.type_vocab_size >= 0;
}

bool fits_images(const EncoderSpec& spec) {
  return spec.vocab_size == 0 && spec.patch_size > 0 && spec.patch_size <= spec.image_size &&
         spec.max_positions == spec.tokens_per_image();
}

void check_attention(const EncoderSpec& spec) {
  if (spec.attention.empty()) throw_unfit("Encoder without a description of its attention");
  for (const AttentionSpec& attention : spec.attention) {
    if (attention.window < 0) {
      throw_unfit("Attention window is negative: " + std::to_string(attention.window));
    }
    if (attention.rotary_base > 0 && spec.head_size() % 2 != 0) {
      throw_unfit("Rotary attention needs heads of an even size: " + std::to_string(spec.head_size()));
    }
  }
  if (spec.relative_buckets != 0 && (spec.relative_buckets < 4 || spec.relative_buckets % 4 != 0 ||
                                     spec.relative_max_distance <= spec.relative_buckets / 4)) {
    throw_unfit(
        "Buckets of relative positions do not fit together: " + std::to_string(spec.relative_buckets) +
        " buckets up to distance " + std::to_string(spec.relative_max_distance));
  }
}

void check_layers(int64_t num_layers, const std::vector<LayerNames>& names) {
  if (num_layers < 1) throw_unfit("Encoder without layers: " + std::to_string(num_layers));
  if (std::cmp_not_equal(names.size(), num_layers)) {
    throw_unfit("Encoder layers without names: " + std::to_string(num_layers) + " layers, " +
                std::to_string(names.size()) + " names");
  }
  for (const LayerNames& layer : names) {
    if (layer.qkv.size() != 1 && layer.qkv.size() != 3) {
      throw_unfit("Query, key and value need one name or three: " + std::to_string(layer.qkv.size()));
    }
  }
}

void check_decoder(const EncoderSpec& spec, const WeightNames& names) {
  check_layers(spec.decoder->num_layers, names.decoder_layers);
  if (spec.reads_images() || spec.relative_buckets > 0) {
    throw_unfit("A decoder beside an encoder of images or with scores by distance");
  }
  if (spec.decoder->start_id < 0 || spec.decoder->start_id >= spec.vocab_size) {
    throw_unfit("Decoder starts with a token outside the vocabulary of " + std::to_string(spec.vocab_size) +
                ": " + std::to_string(spec.decoder->start_id));
  }
  for (const LayerNames& layer : names.decoder_layers) {
    if (!layer.cross_attention) throw_unfit("Decoder layer without names of its attention to the encoder");
  }
}

}  // namespace

void check_spec(const EncoderSpec& spec, const WeightNames& names) {
  const bool has_sizes = spec.hidden_size > 0 && spec.num_heads > 0 && spec.intermediate_size > 0 &&
                         (spec.reads_images() ? fits_images(spec) : fits_vocabulary(spec));
  if (!has_sizes || spec.hidden_size % spec.num_heads != 0) {
    throw_unfit("Encoder sizes do not fit together: hidden_size " + std::to_string(spec.hidden_size) +
                ", num_heads " + std::to_string(spec.num_heads) + ", max_positions " +
                std::to_string(spec.max_positions));
  }
  check_layers(spec.num_layers, names.layers);
  if (spec.decoder) check_decoder(spec, names);
  check_attention(spec);
}

}  // namespace jammi::nn
