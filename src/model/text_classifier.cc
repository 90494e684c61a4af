#include "model/text_classifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <jammi/error.h>

#include "model/sentence_transformers.h"
#include "model/text_encoder.h"

namespace jammi::model {
namespace {

/// The output of an ONNX graph that a classifier reads.
constexpr char kOnnxLogits[] = "logits";

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

/// The tensors of a head for tokens and of one for texts may have the same names; the configuration tells.
void check_kind(const JsonFile& config, ClassifierKind kind) {
  if (!config.has("architectures")) return;
  const bool is_sequence = kind == ClassifierKind::Sequence;
  for (const std::string& architecture : config.strings("architectures")) {
    if (!architecture.ends_with(is_sequence ? "ForTokenClassification" : "ForSequenceClassification"))
      continue;
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "the model has no head for " + std::string(purpose_of(kind)) + " but one for the task " +
                    (is_sequence ? "ner" : "classification") + ": " + architecture);
  }
}

/// Throws unless an ONNX graph gives the logits of `num_labels` classes to texts or tokens, as `kind` says.
void check_logits(const TextEncoder& graph, ClassifierKind kind, int64_t num_labels) {
  if (graph.is_per_token != (kind == ClassifierKind::Token)) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "the model has no head for " + std::string(purpose_of(kind)) + " but one for " +
                    (graph.is_per_token ? "tokens: " : "texts: ") + graph.weight_files.front().string());
  }
  if (graph.encoder->spec().hidden_size != num_labels) {
    graph.config.fail("the ONNX graph has " + std::to_string(graph.encoder->spec().hidden_size) + " classes",
                      "id2label");
  }
}

/// What turns tokens into logits, shared by the classifier and its workers.
struct Network {
  ClassifierKind kind = ClassifierKind::Sequence;
  std::shared_ptr<const nn::Encoder> encoder;
  std::optional<ClassifierHead> head;  ///< nothing where the encoder is an ONNX graph that gives logits

  size_t hidden_size() const { return static_cast<size_t>(encoder->spec().hidden_size); }
};

class ClassifierWorker final : public TextWorker {
 public:
  explicit ClassifierWorker(std::shared_ptr<const Network> network)
      : network_(std::move(network)), encoder_(network_->encoder->make_worker()) {}

  void compute(const nn::PackedBatchView& batch, std::span<float> out) override {
    if (!network_->head) return encode(batch, {}, out);
    const auto& [head, pooling] = *network_->head;
    const size_t num_rows =
        network_->kind == ClassifierKind::Token ? batch.num_tokens() : batch.num_sequences();
    std::vector<float> features(num_rows * network_->hidden_size());
    encode(batch, pooling, features);
    std::ranges::copy(head.apply(features), out.begin());
  }

 private:
  void encode(const nn::PackedBatchView& batch, nn::Pooling pooling, std::span<float> out) {
    if (network_->kind == ClassifierKind::Token) {
      encoder_->hidden_states(batch, out);
    } else {
      encoder_->encode(batch, pooling, false, out);
    }
  }

  const std::shared_ptr<const Network> network_;
  const std::unique_ptr<nn::EncoderWorker> encoder_;
};

}  // namespace

struct TextClassifier::State {
  std::string model_id;
  std::vector<std::string> labels;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const Network> network;
  size_t max_tokens = 0;

  State(const ResolvedModel& resolved, ClassifierKind kind, Config::Precision precision,
        const nn::Device& device);
};

TextClassifier::State::State(const ResolvedModel& resolved, ClassifierKind kind, Config::Precision precision,
                             const nn::Device& device)
    : model_id(resolved.source.id) {
  const TextEncoder loaded =
      load_text_encoder(resolved, precision, device, read_sentence_settings(resolved.directory).max_tokens,
                        purpose_of(kind), {kOnnxLogits});
  check_kind(loaded.config, kind);
  labels = read_labels(loaded.config, kind);
  tokenizer = loaded.tokenizer;
  max_tokens = loaded.max_tokens;
  Network made{.kind = kind, .encoder = loaded.encoder, .head = {}};
  const auto num_labels = static_cast<int64_t>(labels.size());
  const int64_t hidden_size = loaded.architecture.spec.hidden_size;
  if (loaded.weights) {
    made.head = read_head(loaded.config, *loaded.weights, kind, hidden_size, num_labels);
  } else {
    check_logits(loaded, kind, num_labels);
  }
  network = std::make_shared<Network>(std::move(made));
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
  return state_->network->kind;
}

const std::vector<std::string>& TextClassifier::labels() const noexcept {
  return state_->labels;
}

size_t TextClassifier::max_tokens() const noexcept {
  return state_->max_tokens;
}

nn::Precision TextClassifier::precision() const noexcept {
  return state_->network->encoder->precision();
}

size_t TextClassifier::tokens_per_batch() const noexcept {
  return state_->network->encoder->tokens_per_batch();
}

size_t TextClassifier::weight_bytes() const noexcept {
  return state_->network->encoder->weight_bytes();
}

text::TokenBatch TextClassifier::tokenize(std::span<const std::string_view> texts) const {
  return is_per_token() ? state_->tokenizer->encode_batch_with_spans(texts, state_->max_tokens)
                        : state_->tokenizer->encode_batch(texts, state_->max_tokens);
}

std::unique_ptr<TextWorker> TextClassifier::make_worker() const {
  return std::make_unique<ClassifierWorker>(state_->network);
}

}  // namespace jammi::model
