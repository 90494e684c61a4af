#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <utility>

#include <onnxruntime_cxx_api.h>

#include <jammi/error.h>

#include "model/onnx/onnx_graph.h"

namespace jammi::model {
namespace {

constexpr char kTokenIds[] = "input_ids";
constexpr char kMask[] = "attention_mask";
constexpr char kTokenTypes[] = "token_type_ids";

Error refused(ErrorCode code, const std::string& problem, const std::filesystem::path& file) {
  return Error(code, ErrorCategory::Model, problem + ": " + file.string());
}

/// ONNX Runtime's own state, one for the process. Never destroyed: sessions may live until exit. What it
/// would log, it also throws.
const Ort::Env& environment() {
  static const auto* const env = new Ort::Env(
      ORT_LOGGING_LEVEL_FATAL, "jammi",
      [](void*, OrtLoggingLevel, const char*, const char*, const char*, const char*) {}, nullptr);
  return *env;
}

/// Every call computes on its own thread: the callers are as many as there are cores.
Ort::SessionOptions session_options() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.DisableMemPattern();  // it plans memory for every shape it sees, and keeps the plan
  return options;
}

/// A batch with its sequences side by side, filled up to the longest.
struct PaddedBatch {
  std::array<int64_t, 2> shape;
  std::vector<int64_t> token_ids;
  std::vector<int64_t> mask;
  std::vector<int64_t> token_types;

  PaddedBatch(const nn::PackedBatchView& batch, int32_t padding_id) {
    size_t longest = 0;
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      longest = std::max(longest, static_cast<size_t>(batch.offsets[i + 1] - batch.offsets[i]));
    }
    shape = {static_cast<int64_t>(batch.num_sequences()), static_cast<int64_t>(longest)};
    token_ids.assign(batch.num_sequences() * longest, padding_id);
    mask.assign(token_ids.size(), 0);
    token_types.assign(token_ids.size(), 0);
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      const auto tokens =
          batch.token_ids.subspan(static_cast<size_t>(batch.offsets[i]),
                                  static_cast<size_t>(batch.offsets[i + 1] - batch.offsets[i]));
      std::ranges::copy(tokens, token_ids.begin() + static_cast<ptrdiff_t>(i * longest));
      std::fill_n(mask.begin() + static_cast<ptrdiff_t>(i * longest), tokens.size(), 1);
    }
  }
};

class Session final : public OnnxGraph {
 public:
  explicit Session(const OnnxSource& source)
      : file_(source.file),
        padding_id_(source.padding_id),
        session_(environment(), source.file.c_str(), session_options()) {
    check_inputs();
    choose_output(source.outputs);
    learn_shape();
  }

  bool is_per_token() const noexcept override { return is_per_token_; }
  size_t row_width() const noexcept override { return row_width_; }

  void run(const nn::PackedBatchView& batch, std::span<float> out) const override {
    try {
      const PaddedBatch padded(batch, padding_id_);
      const Ort::Value values = compute(padded);
      check_output(values, padded);
      copy_rows(values, batch, out);
    } catch (const Ort::Exception& error) {
      const std::string_view what = error.what();
      if (what.contains("Failed to allocate memory") || what.contains("bad_alloc")) throw std::bad_alloc();
      throw Error(ErrorCode::Internal, ErrorCategory::Inference, "ONNX Runtime failed: " + std::string(what));
    }
  }

 private:
  void check_inputs() {
    for (const std::string& name : session_.GetInputNames()) {
      if (name == kTokenIds || name == kMask || name == kTokenTypes) {
        inputs_.push_back(name);
      } else {
        throw refused(ErrorCode::Unsupported, "the ONNX graph has an input that texts do not give, " + name,
                      file_);
      }
    }
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const auto type = session_.GetInputTypeInfo(i);
      if (type.GetONNXType() != ONNX_TYPE_TENSOR ||
          type.GetTensorTypeAndShapeInfo().GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) {
        throw refused(ErrorCode::Unsupported, "the ONNX graph's input " + inputs_[i] + " is not int64",
                      file_);
      }
    }
    for (const char* name : {kTokenIds, kMask}) {
      if (!std::ranges::contains(inputs_, name)) {
        throw refused(ErrorCode::Unsupported, "the ONNX graph has no input " + std::string(name), file_);
      }
    }
  }

  void choose_output(const std::vector<std::string>& preferred) {
    const std::vector<std::string> names = session_.GetOutputNames();
    const auto found = std::ranges::find_if(
        preferred, [&](const std::string& name) { return std::ranges::contains(names, name); });
    if (found == preferred.end()) {
      std::string wanted;
      for (const std::string& name : preferred) wanted += (wanted.empty() ? "" : " or ") + name;
      throw refused(ErrorCode::Unsupported, "the ONNX graph has no output " + wanted, file_);
    }
    output_ = *found;
  }

  /// Shapes are declared loosely or not at all: what the graph makes of two tokens tells.
  void learn_shape() {
    constexpr std::array<int32_t, 2> kTokens{0, 0};
    constexpr std::array<int32_t, 2> kOffsets{0, 2};
    const Ort::Value values = compute(PaddedBatch({kTokens, kOffsets}, padding_id_));
    const auto info = values.GetTensorTypeAndShapeInfo();
    const std::vector<int64_t> shape = info.GetShape();
    if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
      throw refused(ErrorCode::Unsupported, "the ONNX graph's output " + output_ + " is not float32", file_);
    }
    is_per_token_ = shape.size() == 3;
    row_width_ = shape.empty() ? 0 : static_cast<size_t>(shape.back());
    const bool is_text_rows = shape.size() == 2 && shape[0] == 1;
    const bool is_token_rows = is_per_token_ && shape[0] == 1 && shape[1] == 2;
    if (row_width_ == 0 || (!is_text_rows && !is_token_rows)) {
      throw refused(ErrorCode::Unsupported,
                    "the ONNX graph's output " + output_ + " has neither a row a text nor a row a token",
                    file_);
    }
  }

  Ort::Value compute(const PaddedBatch& batch) const {
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::vector<const char*> names;
    std::vector<Ort::Value> tensors;
    for (const std::string& name : inputs_) {
      const std::vector<int64_t>& values = name == kTokenIds ? batch.token_ids
                                           : name == kMask   ? batch.mask
                                                             : batch.token_types;
      names.push_back(name.c_str());
      // ONNX Runtime takes inputs as mutable and leaves them alone.
      tensors.push_back(Ort::Value::CreateTensor<int64_t>(memory, const_cast<int64_t*>(values.data()),
                                                          values.size(), batch.shape.data(),
                                                          batch.shape.size()));
    }
    const char* output = output_.c_str();
    std::vector<Ort::Value> outputs =
        session_.Run(Ort::RunOptions(nullptr), names.data(), tensors.data(), tensors.size(), &output, 1);
    return std::move(outputs.front());
  }

  /// A graph may change its mind about shapes.
  void check_output(const Ort::Value& values, const PaddedBatch& batch) const {
    const auto width = static_cast<int64_t>(row_width_);
    const std::vector<int64_t> expected = is_per_token_ ? std::vector{batch.shape[0], batch.shape[1], width}
                                                        : std::vector{batch.shape[0], width};
    if (values.GetTensorTypeAndShapeInfo().GetShape() != expected) {
      throw Error(ErrorCode::Internal, ErrorCategory::Inference,
                  "the ONNX graph's output " + output_ + " changed its shape: " + file_.string());
    }
  }

  void copy_rows(const Ort::Value& values, const nn::PackedBatchView& batch, std::span<float> out) const {
    const float* from = values.GetTensorData<float>();
    if (!is_per_token_) {
      std::copy_n(from, batch.num_sequences() * row_width_, out.begin());
      return;
    }
    const auto longest = static_cast<size_t>(values.GetTensorTypeAndShapeInfo().GetShape()[1]);
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      const auto begin = static_cast<size_t>(batch.offsets[i]);
      const auto length = static_cast<size_t>(batch.offsets[i + 1]) - begin;
      std::copy_n(from + i * longest * row_width_, length * row_width_,
                  out.begin() + static_cast<ptrdiff_t>(begin * row_width_));
    }
  }

  const std::filesystem::path file_;
  const int32_t padding_id_;
  mutable Ort::Session session_;  // whose Run may be called by many threads, and is not const
  std::vector<std::string> inputs_;
  std::string output_;
  bool is_per_token_ = false;
  size_t row_width_ = 0;
};

}  // namespace
}  // namespace jammi::model

const jammi::model::OnnxGraph* jammi_load_onnx_graph(const jammi::model::OnnxSource& source) {
  using namespace jammi;
  try {
    return new model::Session(source);
  } catch (const Ort::Exception& error) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "ONNX Runtime refuses the model: " + source.file.string() + ": " + error.what());
  }
}
