#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/encoder.h"

namespace jammi::model {

/// The graph of an ONNX file as a function from tokens to rows of values. Immutable and thread-safe: calls at
/// the same time share the weights, and each computes on the thread that makes it.
class OnnxGraph {
 public:
  virtual ~OnnxGraph() = default;

  /// Every token has a row, not every text.
  virtual bool is_per_token() const noexcept = 0;

  virtual size_t row_width() const noexcept = 0;

  /// Writes the rows of a batch, none of whose sequences is empty, to `out`. Throws std::bad_alloc when the
  /// batch is too large for the memory, Inference Internal for anything else that ONNX Runtime reports.
  virtual void run(const nn::PackedBatchView& batch, std::span<float> out) const = 0;
};

/// Which graph to load.
struct OnnxSource {
  std::filesystem::path file;
  std::vector<std::string> outputs;  ///< names in order of preference: the first that the graph has is read
  int32_t padding_id = 0;            ///< token that fills the places behind a sequence's end
};

/// Loads ONNX Runtime on first use, and the graph. It must take `input_ids` and `attention_mask`, may take
/// `token_type_ids`, all int64 [texts, tokens], and give float32 [texts, width] or [texts, tokens, width].
/// Throws Model errors that name the file: DataCorruption for a file that ONNX Runtime refuses or whose
/// external data lies outside its folder, Unsupported for another graph or when ONNX Runtime is missing.
std::unique_ptr<const OnnxGraph> load_onnx_graph(const OnnxSource& source);

}  // namespace jammi::model

/// The one entry of the plugin libjammi_onnx.so. The caller owns the graph.
extern "C" __attribute__((visibility("default"))) const jammi::model::OnnxGraph* jammi_load_onnx_graph(
    const jammi::model::OnnxSource& source);
