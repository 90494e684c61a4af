#include "model/architectures/head.h"

#include "model/architectures/reading.h"
#include "nn/weights.h"

namespace jammi::model {
namespace {

using Activation = nn::Dense::Activation;

/// Reads linear layers of one checkpoint whose input is `hidden_size` wide.
class HeadReader {
 public:
  HeadReader(const nn::TensorSource& weights, int64_t hidden_size, int64_t num_classes)
      : weights_(weights), hidden_size_(hidden_size), num_classes_(num_classes) {}

  bool has(const std::string& stem) const { return weights_.find(stem + ".weight").has_value(); }

  nn::Dense hidden(const std::string& stem, Activation activation) const {
    return nn::Dense::read(weights_, names(stem), hidden_size_, hidden_size_, activation);
  }
  nn::Dense output(const std::string& stem) const {
    return nn::Dense::read(weights_, names(stem), hidden_size_, num_classes_);
  }
  nn::Head::Norm norm(const std::string& stem, double epsilon) const {
    const bool has_bias = weights_.find(stem + ".bias").has_value();
    return {
        .weight = nn::read_weight(weights_, stem + ".weight", {hidden_size_}),
        .bias = has_bias ? nn::read_weight(weights_, stem + ".bias", {hidden_size_}) : std::vector<float>{},
        .epsilon = static_cast<float>(epsilon)};
  }

 private:
  nn::LinearNames names(const std::string& stem) const {
    return linear_names(stem, weights_.find(stem + ".bias").has_value());
  }

  const nn::TensorSource& weights_;
  int64_t hidden_size_;
  int64_t num_classes_;
};

Activation read_head_activation(const JsonFile& config) {
  const std::string word = config.string_or("classifier_activation", "gelu");
  if (word == "gelu") return Activation::Gelu;
  if (word == "relu") return Activation::Relu;
  if (word == "tanh") return Activation::Tanh;
  refuse(config, "unsupported classifier_activation", word);
}

nn::Pooling read_head_pooling(const JsonFile& config) {
  const std::string word = config.string_or("classifier_pooling", "cls");
  if (word == "cls") return nn::Pooling::Cls;
  if (word == "mean") return nn::Pooling::Mean;
  refuse(config, "unsupported classifier_pooling", word);
}

}  // namespace

ClassifierHead read_head(const JsonFile& config, const nn::TensorSource& weights, ClassifierKind kind,
                         int64_t hidden_size, int64_t num_classes) {
  const HeadReader reader(weights, hidden_size, num_classes);
  if (reader.has("head.dense")) {
    return {.head = {.hidden = reader.hidden("head.dense", read_head_activation(config)),
                     .norm = reader.norm("head.norm", config.number_or("norm_eps", 0, 1, 1e-5)),
                     .output = reader.output("classifier")},
            .pooling = read_head_pooling(config)};
  }
  const auto with_hidden = [&](const std::string& stem, Activation activation, const std::string& output) {
    return ClassifierHead{.head = {.hidden = reader.hidden(stem, activation),
                                   .norm = std::nullopt,
                                   .output = reader.output(output)}};
  };
  if (kind == ClassifierKind::Sequence) {
    if (reader.has("classifier.out_proj")) {
      return with_hidden("classifier.dense", Activation::Tanh, "classifier.out_proj");
    }
    if (reader.has("classification_head.out_proj")) {
      ClassifierHead head =
          with_hidden("classification_head.dense", Activation::Tanh, "classification_head.out_proj");
      head.pooling = nn::Pooling::Last;
      return head;
    }
    if (reader.has("pre_classifier")) return with_hidden("pre_classifier", Activation::Relu, "classifier");
    if (reader.has("bert.pooler.dense")) {
      return with_hidden("bert.pooler.dense", Activation::Tanh, "classifier");
    }
  }
  return {.head = {.hidden = std::nullopt, .norm = std::nullopt, .output = reader.output("classifier")}};
}

}  // namespace jammi::model
