#include <string>

#include "base/log.h"
#include "base/shared_library.h"
#include "nn/cpu/onednn_layers.h"

namespace jammi::nn::cpu {

std::unique_ptr<const LayerStack> make_onednn_layers(const StackSource& source, Precision precision,
                                                     const Kernels& kernels) {
  static const base::SharedLibrary plugin("libjammi_onednn.so");
  const auto make = plugin.function<decltype(jammi_make_onednn_layers)>("jammi_make_onednn_layers");
  std::unique_ptr<const LayerStack> layers(make(source, precision, kernels));
  if (const std::string kernel = layers->kernel_name(); kernel.starts_with("ref")) {
    log::warn("oneDNN has no fast matrix product for this CPU: " + kernel);
  }
  return layers;
}

}  // namespace jammi::nn::cpu
