#include "model/architectures/mpnet.h"

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

// Fixed in the reference, whatever a configuration says.
constexpr int64_t kPaddingId = 1;
constexpr int64_t kBuckets = 32;
constexpr int64_t kMaxDistance = 128;

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights) {
  const std::string prefix = find_prefix(weights, {"mpnet.", ""}, "embeddings.word_embeddings.weight");
  nn::WeightNames names;
  names.word_embeddings = prefix + "embeddings.word_embeddings.weight";
  names.position_embeddings = prefix + "embeddings.position_embeddings.weight";
  names.relative_bias = prefix + "encoder.relative_attention_bias.weight";
  names.embedding_norm = norm_names(prefix + "embeddings.LayerNorm", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i);
    names.layers.push_back({
        .qkv = {linear_names(layer + ".attention.attn.q"), linear_names(layer + ".attention.attn.k"),
                linear_names(layer + ".attention.attn.v")},
        .attention_output = linear_names(layer + ".attention.attn.o"),
        .attention_norm = norm_names(layer + ".attention.LayerNorm", weights),
        .intermediate = linear_names(layer + ".intermediate.dense"),
        .output = linear_names(layer + ".output.dense"),
        .feed_forward_norm = norm_names(layer + ".output.LayerNorm", weights),
    });
  }
  return names;
}

}  // namespace

Architecture read_mpnet(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture mpnet;
  nn::EncoderSpec& spec = mpnet.spec;
  spec = read_sizes(config);
  spec.max_positions = config.integer_or("max_position_embeddings", kPaddingId + 2, kMaxPositions, 512);
  spec.padding_id = kPaddingId;
  spec.position_offset = kPaddingId + 1;
  spec.relative_buckets = config.integer_or("relative_attention_num_buckets", kBuckets, kBuckets, kBuckets);
  spec.relative_max_distance = kMaxDistance;
  spec.norm_epsilon = static_cast<float>(config.number_or("layer_norm_eps", 0, 1, 1e-12));
  spec.activation = read_activation(config, "hidden_act");
  mpnet.names = name_weights(spec, weights);
  return mpnet;
}

}  // namespace jammi::model
