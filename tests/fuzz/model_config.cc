#include <optional>
#include <string>
#include <string_view>

#include "fuzz/fuzzer.h"
#include "model/architectures/architecture.h"
#include "model/architectures/head.h"
#include "nn/tensor_source.h"

namespace {

/// A checkpoint that has every tensor by name, but not the configuration's shapes.
class ScalarWeights final : public jammi::nn::TensorSource {
 public:
  std::optional<jammi::nn::TensorView> find(std::string_view) const override {
    static constexpr float kZero = 0;
    return jammi::nn::TensorView{
        .dtype = jammi::nn::DType::F32, .shape = {1}, .bytes = std::as_bytes(std::span(&kZero, 1))};
  }
  std::string description() const override { return "scalars"; }
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    const auto config =
        jammi::model::JsonFile::read(jammi::fuzz::write_input_file(jammi::fuzz::as_bytes(data, size)));
    const ScalarWeights weights;
    const jammi::model::Architecture architecture = jammi::model::read_architecture(config, weights);
    jammi::model::read_head(config, weights, jammi::model::ClassifierKind::Sequence,
                            architecture.spec.hidden_size, 2);
  });
  return 0;
}
