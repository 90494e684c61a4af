#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "image/preprocess.h"
#include "model/model.h"

namespace jammi::model {

/// Computes vectors of images on one thread. Not thread-safe; keeps the weights alive.
class ImageWorker {
 public:
  virtual ~ImageWorker() = default;

  /// Writes one unit-length vector per image to `out` ([num_images, dimensions], row-major). `pixels` holds
  /// what image::preprocess makes of each image with the model's `preprocessing`. Throws std::bad_alloc when
  /// the images are too many for the memory; fewer can still be computed, by a new worker.
  virtual void encode(std::span<const float> pixels, std::span<float> out) = 0;
};

/// A model that turns images into vectors. Everything that streams images through a model works on this
/// interface. Immutable and thread-safe.
class ImageModel : public Model {
 public:
  virtual size_t dimensions() const noexcept = 0;
  virtual const image::Preprocessing& preprocessing() const noexcept = 0;
  virtual size_t tokens_per_image() const noexcept = 0;
  virtual size_t tokens_per_batch() const noexcept = 0;  ///< of the batches that are computed fastest
  virtual std::unique_ptr<ImageWorker> make_worker() const = 0;
};

}  // namespace jammi::model
