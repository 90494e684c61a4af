#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <jammi/config.h>

#include "model/image_model.h"
#include "model/model_identity.h"
#include "model/resolver.h"
#include "nn/encoder.h"

namespace jammi::model {

/// Turns pictures into unit-length vectors with the vision tower of an OpenCLIP model. A text that the
/// model's TextEmbedder embeds has its vector in the same space. Immutable and thread-safe.
class ImageEmbedder final : public ImageModel {
 public:
  /// Throws Model errors that name the id and the file: NotFound, DataCorruption, or Unsupported for a model
  /// without a vision tower or an option, backend or precision that has no implementation.
  static std::shared_ptr<const ImageEmbedder> load(const ResolvedModel& model, Config::Precision precision,
                                                   const nn::Device& device = {});
  ~ImageEmbedder() override;

  const std::string& model_id() const noexcept override;
  size_t weight_bytes() const noexcept override;
  size_t dimensions() const noexcept override;
  const image::Preprocessing& preprocessing() const noexcept override;
  size_t tokens_per_image() const noexcept override;
  size_t tokens_per_batch() const noexcept override;
  std::unique_ptr<ImageWorker> make_worker() const override;

  nn::Precision precision() const noexcept;
  nn::Pooling pooling() const noexcept;
  std::string kernel_name() const;  ///< for logs and benchmarks

  /// Computed on the first call by reading every file of the model (about 0.3 s per 100 MB), then remembered.
  const ModelIdentity& identity() const;

  /// The vector of one picture, computed on the calling thread.
  std::vector<float> embed(const image::Image& picture) const;

 private:
  struct State;
  explicit ImageEmbedder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
