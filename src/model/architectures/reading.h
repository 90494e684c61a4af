#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "model/json_file.h"
#include "nn/encoder_spec.h"
#include "nn/tensor_source.h"

/// What the readers of architectures share.
namespace jammi::model {

// Far above any published encoder; they keep products of two sizes within 64 bits and memory within reach.
constexpr int64_t kMaxVocabulary = int64_t{1} << 24;
constexpr int64_t kMaxWidth = int64_t{1} << 16;
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxPositions = int64_t{1} << 20;
constexpr int64_t kMaxImageSize = 4096;

/// The names under which a configuration keeps the sizes of its encoder.
struct SizeFields {
  std::string_view hidden_size = "hidden_size";
  std::string_view num_layers = "num_hidden_layers";
  std::string_view num_heads = "num_attention_heads";
  std::string_view intermediate_size = "intermediate_size";
};

/// A spec with the sizes of `config`: vocabulary, width, layers, heads, intermediate width. Throws
/// DataCorruption naming the field when one is missing or they do not fit together.
nn::EncoderSpec read_sizes(const JsonFile& config, const SizeFields& fields = {});

/// The activation that a field names, Gelu when it is absent. Throws Unsupported for other words.
nn::EncoderSpec::Activation read_activation(const JsonFile& config, std::string_view field);

/// Throws Unsupported: "<problem>: <path>: <value>".
[[noreturn]] void refuse(const JsonFile& config, std::string_view problem, std::string_view value);

/// The first of `prefixes` under which the checkpoint has `tensor`; the last one when none has it, so that
/// the error of the missing tensor names that.
std::string find_prefix(const nn::TensorSource& weights, std::initializer_list<std::string_view> prefixes,
                        std::string_view tensor);

/// Names of a linear layer; the bias only if it has one.
nn::LinearNames linear_names(const std::string& stem, bool has_bias = true);

/// Names of a norm: weight and bias, or gamma and beta where the checkpoint has those.
nn::NormNames norm_names(const std::string& stem, const nn::TensorSource& weights);

}  // namespace jammi::model
