#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <jammi/config.h>

#include "image/preprocess.h"
#include "model/model.h"
#include "model/model_identity.h"
#include "model/resolver.h"
#include "nn/encoder.h"

namespace jammi::model {

/// Turns pictures into unit-length vectors with the vision tower of an OpenCLIP model, on the CPU. A text
/// that the model's TextEmbedder embeds has its vector in the same space. Immutable and thread-safe.
class ImageEmbedder final : public Model {
 public:
  /// Computes vectors on one thread. Not thread-safe; keeps the embedder's weights alive.
  class Worker {
   public:
    /// Writes one unit-length vector per image to `out` ([num_images, dimensions], row-major). `pixels` holds
    /// what image::preprocess makes of each image with `preprocessing`. Throws std::bad_alloc when the images
    /// are too many for the memory.
    void encode(std::span<const float> pixels, std::span<float> out);

   private:
    friend class ImageEmbedder;
    struct Model;
    explicit Worker(std::shared_ptr<const Model> model);

    std::shared_ptr<const Model> model_;
    std::unique_ptr<nn::EncoderWorker> worker_;
  };

  /// Throws Model errors that name the id and the file: NotFound, DataCorruption, or Unsupported for a model
  /// without a vision tower or an option, backend or precision that has no implementation.
  static std::shared_ptr<const ImageEmbedder> load(const ResolvedModel& model, Config::Precision precision);
  ~ImageEmbedder() override;

  const std::string& model_id() const noexcept override;
  size_t dimensions() const noexcept;
  const image::Preprocessing& preprocessing() const noexcept;
  size_t tokens_per_image() const noexcept;
  nn::Precision precision() const noexcept;
  nn::Pooling pooling() const noexcept;
  size_t weight_bytes() const noexcept override;
  std::string kernel_name() const;  ///< for logs and benchmarks

  /// Computed on the first call by reading every file of the model (about 0.3 s per 100 MB), then remembered.
  const ModelIdentity& identity() const;

  std::unique_ptr<Worker> make_worker() const;

  /// The vector of one picture, computed on the calling thread.
  std::vector<float> embed(const image::Image& picture) const;

 private:
  struct State;
  explicit ImageEmbedder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
