#include "model/text_classifier.h"

#include <utility>

#include <jammi/error.h>

#include "model/sentence_transformers.h"
#include "model/text_encoder.h"

namespace jammi::model {
namespace {

std::string_view purpose_of(ClassifierKind kind) {
  return kind == ClassifierKind::Sequence ? "classification" : "NER";
}

/// The labels by class; a class that the configuration does not name is LABEL_<class>.
std::vector<std::string> read_labels(const JsonFile& config, ClassifierKind kind) {
  if (!config.has("id2label")) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "No id2label mapping for " + std::string(purpose_of(kind)) + " model");
  }
  const JsonFile names = config.object("id2label");
  std::vector<std::string> labels;
  while (labels.size() < names.size()) {
    const std::string id = std::to_string(labels.size());
    labels.push_back(names.string_or(id, "LABEL_" + id));
  }
  if (labels.empty()) config.fail("no labels", "id2label");
  return labels;
}

}  // namespace

/// What turns tokens into logits, shared by the classifier and its workers.
struct TextClassifier::Worker::Model {
  ClassifierKind kind = ClassifierKind::Sequence;
  std::shared_ptr<const nn::Encoder> encoder;
  ClassifierHead head;

  size_t hidden_size() const { return static_cast<size_t>(encoder->spec().hidden_size); }
};

struct TextClassifier::State {
  std::string model_id;
  std::vector<std::string> labels;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const Worker::Model> model;
  size_t max_tokens = 0;

  State(const ResolvedModel& resolved, ClassifierKind kind, Config::Precision precision,
        const nn::Device& device);
};

TextClassifier::State::State(const ResolvedModel& resolved, ClassifierKind kind, Config::Precision precision,
                             const nn::Device& device)
    : model_id(resolved.source.id) {
  const TextEncoder loaded = load_text_encoder(
      resolved, precision, device, read_sentence_settings(resolved.directory).max_tokens, purpose_of(kind));
  labels = read_labels(loaded.config, kind);
  tokenizer = loaded.tokenizer;
  max_tokens = loaded.max_tokens;
  model = std::make_shared<Worker::Model>(Worker::Model{
      .kind = kind,
      .encoder = loaded.encoder,
      .head = read_head(loaded.config, *loaded.weights, kind, loaded.architecture.spec.hidden_size,
                        static_cast<int64_t>(labels.size()))});
}

TextClassifier::TextClassifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextClassifier::~TextClassifier() = default;

std::shared_ptr<const TextClassifier> TextClassifier::load(const ResolvedModel& model, ClassifierKind kind,
                                                           Config::Precision precision,
                                                           const nn::Device& device) {
  try {
    auto state = std::make_unique<State>(model, kind, precision, device);
    return std::shared_ptr<const TextClassifier>(new TextClassifier(std::move(state)));
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::Model && error.category() != ErrorCategory::Io) throw;
    throw model_error(error.code(), model.source.id, error.message());
  }
}

const std::string& TextClassifier::model_id() const noexcept {
  return state_->model_id;
}

ClassifierKind TextClassifier::kind() const noexcept {
  return state_->model->kind;
}

const std::vector<std::string>& TextClassifier::labels() const noexcept {
  return state_->labels;
}

size_t TextClassifier::max_tokens() const noexcept {
  return state_->max_tokens;
}

nn::Precision TextClassifier::precision() const noexcept {
  return state_->model->encoder->precision();
}

size_t TextClassifier::weight_bytes() const noexcept {
  return state_->model->encoder->weight_bytes();
}

text::TokenBatch TextClassifier::tokenize(std::span<const std::string_view> texts) const {
  return state_->tokenizer->encode_batch(texts, state_->max_tokens);
}

text::TokenBatch TextClassifier::tokenize_with_spans(std::span<const std::string_view> texts,
                                                     std::vector<text::CharacterSpan>& spans) const {
  return state_->tokenizer->encode_batch_with_spans(texts, state_->max_tokens, spans);
}

std::unique_ptr<TextClassifier::Worker> TextClassifier::make_worker() const {
  return std::unique_ptr<Worker>(new Worker(state_->model));
}

TextClassifier::Worker::Worker(std::shared_ptr<const Model> model)
    : model_(std::move(model)), worker_(model_->encoder->make_worker()) {}

std::vector<float> TextClassifier::Worker::classify(const nn::PackedBatchView& batch) {
  const auto& [head, pooling] = model_->head;
  const bool is_per_token = model_->kind == ClassifierKind::Token;
  std::vector<float> features((is_per_token ? batch.num_tokens() : batch.num_sequences()) *
                              model_->hidden_size());
  if (is_per_token) {
    worker_->hidden_states(batch, features);
  } else {
    worker_->encode(batch, pooling, false, features);
  }
  return head.apply(features);
}

}  // namespace jammi::model
