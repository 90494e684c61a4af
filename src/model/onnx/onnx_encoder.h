#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/json_file.h"
#include "model/onnx/onnx_graph.h"
#include "nn/encoder.h"

namespace jammi::model {

/// An encoder whose forward pass is the graph of an ONNX file, in the precision that the graph has, which is
/// called f32. `spec` tells the vocabulary, the positions and, as hidden size, the width of the rows.
class OnnxEncoder final : public nn::Encoder {
 public:
  /// Reads the first of `outputs` that the graph of `file` has; `config` tells vocabulary and positions.
  /// Throws what load_onnx_graph throws, DataCorruption naming a field of `config` that makes no model.
  static std::shared_ptr<const OnnxEncoder> load(const std::filesystem::path& file,
                                                 std::vector<std::string> outputs, const JsonFile& config);

  /// The graph gives a row for every token: a hidden state, or the token's logits. Otherwise it gives one for
  /// every text: workers' `encode` writes that whatever the pooling, and `hidden_states` throws Unsupported.
  bool is_per_token() const noexcept { return graph_->is_per_token(); }

  const nn::EncoderSpec& spec() const noexcept override { return spec_; }
  nn::Precision precision() const noexcept override { return nn::Precision::F32; }
  size_t weight_bytes() const noexcept override { return weight_bytes_; }  ///< of the files
  size_t tokens_per_batch() const noexcept override { return nn::tokens_per_batch({}); }
  std::string kernel_name() const override { return "onnxruntime"; }
  std::unique_ptr<nn::EncoderWorker> make_worker() const override;

 private:
  OnnxEncoder(std::unique_ptr<const OnnxGraph> graph, nn::EncoderSpec spec, size_t weight_bytes);

  const std::shared_ptr<const OnnxGraph> graph_;
  const nn::EncoderSpec spec_;
  const size_t weight_bytes_;
};

}  // namespace jammi::model
