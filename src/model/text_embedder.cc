#include "model/text_embedder.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <jammi/error.h>

#include "base/hash.h"
#include "io/local_file_system.h"
#include "model/architectures/architecture.h"
#include "model/safetensors.h"
#include "model/sentence_transformers.h"

namespace jammi::model {
namespace {

/// Longest text of any model, in tokens (contract: 512 at inference).
constexpr int64_t kMaxTokens = 512;

/// Idle workers kept for `embed`; more than this many calls at once make their own.
constexpr size_t kMaxIdleWorkers = 8;

nn::Precision choose_precision(Config::Precision precision) {
  switch (precision) {
    case Config::Precision::Auto:
      return nn::preferred_precision();
    case Config::Precision::F32:
      return nn::Precision::F32;
    case Config::Precision::Bf16:
      return nn::Precision::Bf16;
    case Config::Precision::Int8:
      break;
  }
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
              "precision int8 is not supported; use auto, f32 or bf16");
}

uint64_t next_load_number() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

std::string file_digest(const std::filesystem::path& path) {
  base::Sha256 hash;
  hash.update(io::local_file_system()->map(path.string())->bytes());
  return hash.finish();
}

}  // namespace

struct TextEmbedder::State {
  const uint64_t load_number = next_load_number();
  ResolvedModel model;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const nn::Encoder> encoder;
  nn::Pooling pooling = nn::Pooling::Mean;
  size_t max_tokens = 0;

  std::once_flag identity_once;
  ModelIdentity identity;

  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> idle_workers;  ///< guarded by mutex

  State(const ResolvedModel& resolved, Config::Precision precision);
  void load_tokenizer();
  ModelIdentity compute_identity() const;
};

TextEmbedder::State::State(const ResolvedModel& resolved, Config::Precision precision) : model(resolved) {
  if (model.backend != ModelBackend::Native) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "ONNX weights are not supported; the model needs safetensors weights");
  }
  const nn::Precision computed_in = choose_precision(precision);
  const JsonFile config = JsonFile::read(model.directory / "config.json");
  const SentenceSettings settings = read_sentence_settings(model.directory);
  const auto weights = Safetensors::open(model.weight_files);
  const Architecture architecture = read_architecture(config, *weights);
  load_tokenizer();
  if (static_cast<int64_t>(tokenizer->vocab_size()) > architecture.spec.vocab_size) {
    config.fail(
        "tokenizer has " + std::to_string(tokenizer->vocab_size()) + " tokens but the model embeds fewer",
        "vocab_size");
  }
  pooling = settings.pooling;
  max_tokens = static_cast<size_t>(
      std::min({kMaxTokens, architecture.spec.max_tokens(), settings.max_tokens.value_or(kMaxTokens)}));
  encoder = nn::Encoder::load(architecture.spec, architecture.names, *weights, computed_in);
}

void TextEmbedder::State::load_tokenizer() {
  const auto tokenizer_json = model.directory / "tokenizer.json";
  if (!std::filesystem::exists(tokenizer_json)) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model,
                "No tokenizer loaded for embedding model: missing file: " + tokenizer_json.string());
  }
  tokenizer = text::Tokenizer::load(tokenizer_json);
}

ModelIdentity TextEmbedder::State::compute_identity() const {
  ModelIdentity computed;
  computed.tokenizer_digest = file_digest(model.directory / "tokenizer.json");
  base::Sha256 hash;
  hash.update("config " + file_digest(model.directory / "config.json") + "\n");
  hash.update("tokenizer " + computed.tokenizer_digest + "\n");
  for (const auto& file : model.weight_files) hash.update("weights " + file_digest(file) + "\n");
  hash.update("pooling " + std::to_string(static_cast<int>(pooling)) + "\n");
  hash.update("max_tokens " + std::to_string(max_tokens) + "\n");
  computed.digest = hash.finish();
  return computed;
}

TextEmbedder::TextEmbedder(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextEmbedder::~TextEmbedder() = default;

std::shared_ptr<const TextEmbedder> TextEmbedder::load(const ResolvedModel& model,
                                                       Config::Precision precision) {
  try {
    return std::shared_ptr<const TextEmbedder>(new TextEmbedder(std::make_unique<State>(model, precision)));
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::Model && error.category() != ErrorCategory::Io) throw;
    throw model_error(error.code(), model.source.id, error.message());
  }
}

const std::string& TextEmbedder::model_id() const noexcept {
  return state_->model.source.id;
}

uint64_t TextEmbedder::load_number() const noexcept {
  return state_->load_number;
}

size_t TextEmbedder::dimensions() const noexcept {
  return static_cast<size_t>(state_->encoder->spec().hidden_size);
}

size_t TextEmbedder::max_tokens() const noexcept {
  return state_->max_tokens;
}

nn::Precision TextEmbedder::precision() const noexcept {
  return state_->encoder->precision();
}

nn::Pooling TextEmbedder::pooling() const noexcept {
  return state_->pooling;
}

size_t TextEmbedder::weight_bytes() const noexcept {
  return state_->encoder->weight_bytes();
}

std::string TextEmbedder::kernel_name() const {
  return state_->encoder->kernel_name();
}

const ModelIdentity& TextEmbedder::identity() const {
  std::call_once(state_->identity_once, [&] { state_->identity = state_->compute_identity(); });
  return state_->identity;
}

text::TokenBatch TextEmbedder::tokenize(std::span<const std::string_view> texts) const {
  return state_->tokenizer->encode_batch(texts, state_->max_tokens);
}

std::unique_ptr<TextEmbedder::Worker> TextEmbedder::make_worker() const {
  return std::unique_ptr<Worker>(new Worker(state_->encoder, state_->pooling));
}

std::vector<float> TextEmbedder::embed(std::string_view text) const {
  const text::TokenBatch batch = tokenize(std::span(&text, 1));
  std::unique_ptr<Worker> worker;
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->idle_workers.empty()) {
      worker = std::move(state_->idle_workers.back());
      state_->idle_workers.pop_back();
    }
  }
  if (!worker) worker = make_worker();
  std::vector<float> vector(dimensions());
  worker->encode(view(batch), vector);
  std::lock_guard lock(state_->mutex);
  if (state_->idle_workers.size() < kMaxIdleWorkers) state_->idle_workers.push_back(std::move(worker));
  return vector;
}

TextEmbedder::Worker::Worker(std::shared_ptr<const nn::Encoder> encoder, nn::Pooling pooling)
    : encoder_(std::move(encoder)), worker_(encoder_->make_worker()), pooling_(pooling) {}

void TextEmbedder::Worker::encode(const nn::PackedBatchView& batch, std::span<float> out) {
  const size_t dimensions = static_cast<size_t>(encoder_->spec().hidden_size);
  std::vector<size_t> texts;
  std::vector<int32_t> offsets{0};
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    if (batch.offsets[i] == batch.offsets[i + 1]) continue;
    texts.push_back(i);
    offsets.push_back(batch.offsets[i + 1]);
  }
  if (texts.size() == batch.num_sequences()) {
    worker_->encode(batch, pooling_, true, out);
    return;
  }
  std::ranges::fill(out, 0.0f);
  std::vector<float> vectors(texts.size() * dimensions);
  if (!texts.empty()) worker_->encode({batch.token_ids, offsets}, pooling_, true, vectors);
  for (size_t i = 0; i < texts.size(); ++i) {
    std::copy_n(&vectors[i * dimensions], dimensions, &out[texts[i] * dimensions]);
  }
}

nn::PackedBatchView view(const text::TokenBatch& batch) {
  return {batch.token_ids, batch.offsets};
}

}  // namespace jammi::model
