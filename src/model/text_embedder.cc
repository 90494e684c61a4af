#include "model/text_embedder.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <jammi/error.h>

#include "base/hash.h"
#include "model/architectures/architecture.h"
#include "model/model_files.h"
#include "model/safetensors.h"
#include "model/sentence_transformers.h"
#include "model/text_encoder.h"
#include "nn/batch.h"

namespace jammi::model {
namespace {

/// Idle workers kept for `embed`; more than this many calls at once make their own.
constexpr size_t kMaxIdleWorkers = 8;

/// In order of preference: hidden states, which are pooled as the directory says, else vectors.
const std::vector<std::string> kOnnxOutputs{"last_hidden_state", "token_embeddings", "sentence_embedding"};

/// The pooling of a graph that gives vectors.
constexpr char kPooledByGraph[] = "graph";

/// The layers between pooling and normalisation, each checked to take what the one before gives. `weights`
/// are those of a projection.
std::vector<nn::Dense> read_dense(const Architecture& architecture, const SentenceSettings& settings,
                                  const nn::TensorSource* weights) {
  std::vector<nn::Dense> dense;
  int64_t width = architecture.spec.hidden_size;
  if (architecture.projection) {
    const auto& [name, dimensions] = *architecture.projection;
    dense.push_back(nn::Dense::read_transposed(*weights, name, width, dimensions));
    width = dimensions;
  }
  for (const DenseModule& module : settings.dense) {
    if (module.in_features != width) {
      throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                  "Dense module takes " + std::to_string(module.in_features) + " values instead of " +
                      std::to_string(width) + ": " + module.folder.string());
    }
    const auto file = module.weights();
    const nn::LinearNames names{.weight = "linear.weight", .bias = module.has_bias ? "linear.bias" : ""};
    dense.push_back(nn::Dense::read(*Safetensors::open({&file, 1}), names, module.in_features,
                                    module.out_features, module.activation));
    width = module.out_features;
  }
  return dense;
}

/// What turns tokens into vectors, shared by the embedder and its workers.
struct Network {
  std::shared_ptr<const nn::Encoder> encoder;
  nn::Pooling pooling = nn::Pooling::Mean;
  std::vector<nn::Dense> dense;

  size_t hidden_size() const { return static_cast<size_t>(encoder->spec().hidden_size); }
  size_t dimensions() const { return dense.empty() ? hidden_size() : dense.back().out_features(); }
};

class EmbeddingWorker final : public TextWorker {
 public:
  explicit EmbeddingWorker(std::shared_ptr<const Network> network)
      : network_(std::move(network)), encoder_(network_->encoder->make_worker()) {}

  void compute(const nn::PackedBatchView& batch, std::span<float> out) override {
    const size_t dimensions = network_->dimensions();
    std::vector<size_t> texts;
    std::vector<int32_t> offsets{0};
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      if (batch.offsets[i] == batch.offsets[i + 1]) continue;
      texts.push_back(i);
      offsets.push_back(batch.offsets[i + 1]);
    }
    if (texts.size() == batch.num_sequences()) {
      encode(batch, out);
      return;
    }
    std::ranges::fill(out, 0.0f);
    std::vector<float> vectors(texts.size() * dimensions);
    if (!texts.empty()) encode({batch.token_ids, offsets}, vectors);
    for (size_t i = 0; i < texts.size(); ++i) {
      std::copy_n(&vectors[i * dimensions], dimensions, &out[texts[i] * dimensions]);
    }
  }

 private:
  /// Texts that have tokens.
  void encode(const nn::PackedBatchView& batch, std::span<float> out) {
    if (network_->dense.empty()) {
      encoder_->encode(batch, network_->pooling, true, out);
      return;
    }
    std::vector<float> vectors(batch.num_sequences() * network_->hidden_size());
    encoder_->encode(batch, network_->pooling, false, vectors);
    for (const nn::Dense& dense : network_->dense) vectors = dense.apply(vectors);
    std::ranges::copy(vectors, out.begin());
    nn::normalize_rows(out, network_->dimensions());
  }

  const std::shared_ptr<const Network> network_;
  const std::unique_ptr<nn::EncoderWorker> encoder_;
};

}  // namespace

struct TextEmbedder::State {
  ResolvedModel model;
  SentenceSettings settings;
  std::filesystem::path tokenizer_path;
  std::vector<std::filesystem::path> weight_files;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const Network> network;
  std::string pooling;
  size_t max_tokens = 0;

  std::once_flag identity_once;
  ModelIdentity identity;

  std::mutex mutex;
  std::vector<std::unique_ptr<TextWorker>> idle_workers;  ///< guarded by mutex

  State(const ResolvedModel& resolved, Config::Precision precision, const nn::Device& device);
  ModelIdentity compute_identity() const;
};

TextEmbedder::State::State(const ResolvedModel& resolved, Config::Precision precision,
                           const nn::Device& device)
    : model(resolved), settings(read_sentence_settings(resolved.directory)) {
  const TextEncoder loaded =
      load_text_encoder(model, precision, device, settings.max_tokens, "embedding", kOnnxOutputs);
  tokenizer_path = loaded.tokenizer_path;
  weight_files = loaded.weight_files;
  tokenizer = loaded.tokenizer;
  max_tokens = loaded.max_tokens;
  Network made{.encoder = loaded.encoder,
               .pooling = loaded.architecture.pooling.value_or(settings.pooling),
               .dense = {}};
  pooling = nn::to_string(made.pooling);
  if (loaded.is_per_token) {
    made.dense = read_dense(loaded.architecture, settings, loaded.weights.get());
  } else {
    pooling = kPooledByGraph;
  }
  network = std::make_shared<Network>(std::move(made));
}

ModelIdentity TextEmbedder::State::compute_identity() const {
  ModelIdentity computed;
  computed.tokenizer_digest = file_digest(tokenizer_path);
  base::Sha256 hash;
  hash.update("config " + file_digest(configuration_file(model.directory)) + "\n");
  hash.update("tokenizer " + computed.tokenizer_digest + "\n");
  for (const auto& file : weight_files) hash.update("weights " + file_digest(file) + "\n");
  computed.pooling = pooling;
  computed.precision = nn::to_string(network->encoder->precision());
  hash.update("pooling " + pooling + "\n");
  for (const DenseModule& module : settings.dense) {
    hash.update("dense " + file_digest(module.folder / "config.json") + " " + file_digest(module.weights()) +
                "\n");
  }
  hash.update("prompts " + base::sha256_hex(settings.query_prompt) + " " +
              base::sha256_hex(settings.document_prompt) + "\n");
  hash.update("max_tokens " + std::to_string(max_tokens) + "\n");
  computed.digest = hash.finish();
  return computed;
}

TextEmbedder::TextEmbedder(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextEmbedder::~TextEmbedder() = default;

std::shared_ptr<const TextEmbedder> TextEmbedder::load(const ResolvedModel& model,
                                                       Config::Precision precision,
                                                       const nn::Device& device) {
  try {
    auto state = std::make_unique<State>(model, precision, device);
    return std::shared_ptr<const TextEmbedder>(new TextEmbedder(std::move(state)));
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::Model && error.category() != ErrorCategory::Io) throw;
    throw model_error(error.code(), model.source.id, error.message());
  }
}

const std::string& TextEmbedder::model_id() const noexcept {
  return state_->model.source.id;
}

size_t TextEmbedder::dimensions() const noexcept {
  return state_->network->dimensions();
}

size_t TextEmbedder::max_tokens() const noexcept {
  return state_->max_tokens;
}

nn::Precision TextEmbedder::precision() const noexcept {
  return state_->network->encoder->precision();
}

nn::Pooling TextEmbedder::pooling() const noexcept {
  return state_->network->pooling;
}

size_t TextEmbedder::tokens_per_batch() const noexcept {
  return state_->network->encoder->tokens_per_batch();
}

size_t TextEmbedder::weight_bytes() const noexcept {
  size_t bytes = state_->network->encoder->weight_bytes();
  for (const nn::Dense& dense : state_->network->dense) bytes += dense.bytes();
  return bytes;
}

std::string TextEmbedder::kernel_name() const {
  return state_->network->encoder->kernel_name();
}

const ModelIdentity& TextEmbedder::identity() const {
  std::call_once(state_->identity_once, [&] { state_->identity = state_->compute_identity(); });
  return state_->identity;
}

text::TokenBatch TextEmbedder::tokenize(std::span<const std::string_view> texts) const {
  return tokenize(texts, TextRole::Document);
}

text::TokenBatch TextEmbedder::tokenize(std::span<const std::string_view> texts, TextRole role) const {
  const SentenceSettings& settings = state_->settings;
  const std::string& prompt = role == TextRole::Query ? settings.query_prompt : settings.document_prompt;
  if (prompt.empty()) return state_->tokenizer->encode_batch(texts, state_->max_tokens);
  std::vector<std::string> prompted;
  for (std::string_view text : texts) prompted.push_back(prompt + std::string(text));
  const std::vector<std::string_view> views(prompted.begin(), prompted.end());
  return state_->tokenizer->encode_batch(views, state_->max_tokens);
}

std::unique_ptr<TextWorker> TextEmbedder::make_worker() const {
  return std::make_unique<EmbeddingWorker>(state_->network);
}

std::vector<float> TextEmbedder::embed(std::string_view text, TextRole role) const {
  const text::TokenBatch batch = tokenize(std::span(&text, 1), role);
  std::unique_ptr<TextWorker> worker;
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->idle_workers.empty()) {
      worker = std::move(state_->idle_workers.back());
      state_->idle_workers.pop_back();
    }
  }
  if (!worker) worker = make_worker();
  std::vector<float> vector(dimensions());
  worker->compute(view(batch), vector);
  std::lock_guard lock(state_->mutex);
  if (state_->idle_workers.size() < kMaxIdleWorkers) state_->idle_workers.push_back(std::move(worker));
  return vector;
}

}  // namespace jammi::model
