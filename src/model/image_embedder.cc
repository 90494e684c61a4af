#include "model/image_embedder.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <jammi/error.h>

#include "base/hash.h"
#include "model/architectures/open_clip.h"
#include "model/json_file.h"
#include "model/model_files.h"
#include "model/precision.h"
#include "model/safetensors.h"
#include "nn/batch.h"
#include "nn/dense.h"

namespace jammi::model {
namespace {

/// What turns pixels into vectors, shared by the embedder and its workers.
struct Network {
  std::shared_ptr<const nn::Encoder> encoder;
  nn::Pooling pooling;
  nn::Dense projection;

  size_t values_per_image() const { return static_cast<size_t>(encoder->spec().values_per_image()); }
};

class EmbeddingWorker final : public ImageWorker {
 public:
  explicit EmbeddingWorker(std::shared_ptr<const Network> network)
      : network_(std::move(network)), worker_(network_->encoder->make_worker()) {}

  void encode(std::span<const float> pixels, std::span<float> out) override {
    std::vector<float> pooled(pixels.size() / network_->values_per_image() *
                              network_->projection.in_features());
    worker_->encode_images(pixels, network_->pooling, false, pooled);
    const std::vector<float> vectors = network_->projection.apply(pooled);
    nn::check_output(out, vectors.size());
    std::ranges::copy(vectors, out.begin());
    nn::normalize_rows(out, network_->projection.out_features());
  }

 private:
  const std::shared_ptr<const Network> network_;
  const std::unique_ptr<nn::EncoderWorker> worker_;
};

}  // namespace

struct ImageEmbedder::State {
  ResolvedModel model;
  image::Preprocessing preprocessing;
  std::shared_ptr<const Network> network;

  std::once_flag identity_once;
  ModelIdentity identity;

  State(const ResolvedModel& resolved, Config::Precision precision, const nn::Device& device);
  ModelIdentity compute_identity() const;
};

ImageEmbedder::State::State(const ResolvedModel& resolved, Config::Precision precision,
                            const nn::Device& device)
    : model(resolved) {
  if (model.backend != ModelBackend::Native) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "ONNX weights are not supported for images; the model needs safetensors weights");
  }
  const nn::Precision computed_in = choose_precision(precision, device);
  const JsonFile config = JsonFile::read(configuration_file(model.directory));
  const auto weights = Safetensors::open(model.weight_files);
  const Architecture vision = read_open_clip_vision(config, *weights);
  preprocessing = read_open_clip_preprocessing(config, vision.spec);
  network = std::make_shared<Network>(Network{
      .encoder = nn::Encoder::load(vision.spec, vision.names, *weights, computed_in, device),
      .pooling = vision.pooling.value(),
      .projection = nn::Dense::read_transposed(*weights, vision.projection.value().weight,
                                               vision.spec.hidden_size, vision.projection->dimensions)});
}

ModelIdentity ImageEmbedder::State::compute_identity() const {
  base::Sha256 hash;
  hash.update("config " + file_digest(configuration_file(model.directory)) + "\n");
  for (const auto& file : model.weight_files) hash.update("weights " + file_digest(file) + "\n");
  hash.update("tower vision\n");
  return {.digest = hash.finish(),
          .tokenizer_digest = "",
          .pooling = std::string(nn::to_string(network->pooling)),
          .precision = std::string(nn::to_string(network->encoder->precision()))};
}

ImageEmbedder::ImageEmbedder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ImageEmbedder::~ImageEmbedder() = default;

std::shared_ptr<const ImageEmbedder> ImageEmbedder::load(const ResolvedModel& model,
                                                         Config::Precision precision,
                                                         const nn::Device& device) {
  try {
    return std::shared_ptr<const ImageEmbedder>(
        new ImageEmbedder(std::make_unique<State>(model, precision, device)));
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::Model && error.category() != ErrorCategory::Io) throw;
    throw model_error(error.code(), model.source.id, error.message());
  }
}

const std::string& ImageEmbedder::model_id() const noexcept {
  return state_->model.source.id;
}

size_t ImageEmbedder::dimensions() const noexcept {
  return state_->network->projection.out_features();
}

const image::Preprocessing& ImageEmbedder::preprocessing() const noexcept {
  return state_->preprocessing;
}

size_t ImageEmbedder::tokens_per_image() const noexcept {
  return static_cast<size_t>(state_->network->encoder->spec().tokens_per_image());
}

size_t ImageEmbedder::tokens_per_batch() const noexcept {
  return state_->network->encoder->tokens_per_batch();
}

nn::Precision ImageEmbedder::precision() const noexcept {
  return state_->network->encoder->precision();
}

nn::Pooling ImageEmbedder::pooling() const noexcept {
  return state_->network->pooling;
}

size_t ImageEmbedder::weight_bytes() const noexcept {
  return state_->network->encoder->weight_bytes() + state_->network->projection.bytes();
}

std::string ImageEmbedder::kernel_name() const {
  return state_->network->encoder->kernel_name();
}

const ModelIdentity& ImageEmbedder::identity() const {
  std::call_once(state_->identity_once, [&] { state_->identity = state_->compute_identity(); });
  return state_->identity;
}

std::unique_ptr<ImageWorker> ImageEmbedder::make_worker() const {
  return std::make_unique<EmbeddingWorker>(state_->network);
}

std::vector<float> ImageEmbedder::embed(const image::Image& picture) const {
  std::vector<float> pixels(state_->preprocessing.num_values());
  image::preprocess(picture, state_->preprocessing, pixels);
  std::vector<float> vector(dimensions());
  make_worker()->encode(pixels, vector);
  return vector;
}

}  // namespace jammi::model
