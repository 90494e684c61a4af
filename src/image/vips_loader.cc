#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <vips/vips.h>

#include <jammi/error.h>

#include "image/loader.h"

namespace jammi::image {
namespace {

struct Unreference {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using Reference = std::unique_ptr<T, Unreference>;

Error inference_error(ErrorCode code, const std::string& message) {
  return Error(code, ErrorCategory::Inference, message);
}

Error corrupt(Format format) {
  return inference_error(ErrorCode::DataCorruption,
                         "image is corrupt or cut short: " + std::string(to_string(format)));
}

/// One file's time in libvips, which collects errors for the whole process, keeps buffers for each thread and
/// writes warnings to stderr, some of them on threads of its own. What it has to say while a file is loaded
/// is dropped; other users of libvips in the process keep what it says at other times.
class Loading {
 public:
  Loading() {
    static const bool is_ready = start();
    if (!is_ready) throw inference_error(ErrorCode::Unsupported, "libvips cannot be started");
    ++num_loading_;
  }
  ~Loading() {
    --num_loading_;
    vips_error_clear();
    vips_thread_shutdown();
  }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  static bool start() {
    if (vips_init("jammi") != 0) return false;
    g_log_set_handler("VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK | G_LOG_FLAG_RECURSION),
                      &Loading::log, nullptr);
    return true;
  }

  static void log(const char* domain, GLogLevelFlags level, const char* message, void* data) {
    if (num_loading_ == 0) g_log_default_handler(domain, level, message, data);
  }

  static inline std::atomic<int> num_loading_ = 0;
};

/// Opens a file with the one loader of its format: none is guessed, so no other parser of libvips ever sees
/// bytes from outside. Rows are decoded when they are asked for, and only once.
Reference<VipsImage> open(std::span<const std::byte> file, Format format) {
  const Reference<VipsSource> source(vips_source_new_from_memory(file.data(), file.size()));
  VipsImage* image = nullptr;
  int status = -1;
  const auto with_options = [&](auto& loader) {
    status = loader(source.get(), &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR,
                    nullptr);
  };
  switch (format) {
    case Format::Png:
      with_options(vips_pngload_source);
      break;
    case Format::Jpeg:
      with_options(vips_jpegload_source);
      break;
    case Format::Tiff:
      with_options(vips_tiffload_source);
      break;
    case Format::Webp:
      with_options(vips_webpload_source);
      break;
  }
  if (status != 0) throw corrupt(format);
  return Reference<VipsImage>(image);
}

std::optional<PixelLayout::Colour> colour_of(const VipsImage* image) {
  switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
      return PixelLayout::Colour::Grey;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
      return PixelLayout::Colour::Rgb;
    case VIPS_INTERPRETATION_CMYK:
      return PixelLayout::Colour::Cmyk;
    default:
      return std::nullopt;
  }
}

PixelLayout layout_of(VipsImage* image, Format format) {
  const std::optional<PixelLayout::Colour> colour = colour_of(image);
  const VipsBandFormat samples = vips_image_get_format(image);
  const bool has_known_samples = samples == VIPS_FORMAT_UCHAR || samples == VIPS_FORMAT_USHORT;
  const auto num_samples = static_cast<size_t>(vips_image_get_bands(image));
  if (colour && has_known_samples) {
    for (bool has_alpha : {false, true}) {
      const PixelLayout layout{
          .colour = *colour, .has_alpha = has_alpha, .is_16_bit = samples == VIPS_FORMAT_USHORT};
      if (layout.num_samples() == num_samples) return layout;
    }
  }
  throw inference_error(ErrorCode::Unsupported, "image has samples or colours that are not supported: " +
                                                    std::string(to_string(format)) + " of " +
                                                    std::to_string(num_samples) + " samples a pixel");
}

/// Decodes on this thread where the loader lets it: libvips' own sinks would start threads for every image.
void read_rows(VipsImage* image, Format format, PixelSink& sink) {
  constexpr int kRowsAtOnce = 16;
  const int width = vips_image_get_width(image);
  const int height = vips_image_get_height(image);
  const Reference<VipsRegion> region(vips_region_new(image));
  for (int top = 0; top < height; top += kRowsAtOnce) {
    const VipsRect rows{.left = 0, .top = top, .width = width, .height = std::min(kRowsAtOnce, height - top)};
    if (vips_region_prepare(region.get(), &rows) != 0) throw corrupt(format);
    for (int y = top; y < top + rows.height; ++y) {
      sink.add_row(reinterpret_cast<const std::byte*>(VIPS_REGION_ADDR(region.get(), 0, y)));
    }
  }
}

}  // namespace
}  // namespace jammi::image

void jammi_load_image(std::span<const std::byte> file, jammi::image::Format format,
                      jammi::image::PixelSink& sink) {
  using namespace jammi::image;
  const Loading loading;
  const Reference<VipsImage> image = open(file, format);
  sink.begin({.width = static_cast<uint64_t>(vips_image_get_width(image.get())),
              .height = static_cast<uint64_t>(vips_image_get_height(image.get())),
              .layout = layout_of(image.get(), format),
              .orientation = vips_image_get_orientation(image.get())});
  read_rows(image.get(), format, sink);
}
