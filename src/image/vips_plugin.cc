#include "base/shared_library.h"
#include "image/loader.h"

namespace jammi::image {

void load(std::span<const std::byte> file, Format format, PixelSink& sink) {
  static const base::SharedLibrary plugin("libjammi_vips.so");
  static const auto load_image = plugin.function<decltype(jammi_load_image)>("jammi_load_image");
  load_image(file, format, sink);
}

}  // namespace jammi::image
