#include <iostream>

#include "base/shared_library.h"
#include "model/onnx/onnx_file.h"
#include "model/onnx/onnx_graph.h"

namespace jammi::model {
namespace {

/// Keeps std::cerr silent while it lives.
class SilentCerr {
 public:
  SilentCerr() : buffer_(std::cerr.rdbuf(nullptr)) {}
  ~SilentCerr() {
    std::cerr.rdbuf(buffer_);
    std::cerr.clear();
  }
  SilentCerr(const SilentCerr&) = delete;
  SilentCerr& operator=(const SilentCerr&) = delete;

 private:
  std::streambuf* const buffer_;
};

}  // namespace

std::unique_ptr<const OnnxGraph> load_onnx_graph(const OnnxSource& source) {
  external_data_files(source.file);  // refuses what must not be read before ONNX Runtime sees it
  // Debian's libonnx and libonnxruntime both register the standard's operators, and complain of each.
  const SilentCerr silent;
  static const base::SharedLibrary plugin("libjammi_onnx.so");
  const auto load = plugin.function<decltype(jammi_load_onnx_graph)>("jammi_load_onnx_graph");
  return std::unique_ptr<const OnnxGraph>(load(source));
}

}  // namespace jammi::model
