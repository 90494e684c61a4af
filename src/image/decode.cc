#include "image/decode.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <jammi/error.h>

#include "image/format.h"
#include "image/loader.h"
#include "image/pixels.h"
#include "io/local_file_system.h"

namespace jammi::image {
namespace {

/// Room for an uncompressed picture of the most pixels, with alpha.
constexpr uint64_t kMaxFileBytes = 512 << 20;

Error inference_error(ErrorCode code, const std::string& message) {
  return Error(code, ErrorCategory::Inference, message);
}

class Collector final : public PixelSink {
 public:
  explicit Collector(const Limits& limits) : limits_(limits) {}

  void begin(const Header& header) override {
    if (std::max(header.width, header.height) > limits_.side ||
        header.width * header.height > limits_.pixels) {
      throw inference_error(ErrorCode::ResourceExhausted,
                            "image is larger than " + std::to_string(limits_.pixels) + " pixels or " +
                                std::to_string(limits_.side) + " a side: " + std::to_string(header.width) +
                                " x " + std::to_string(header.height));
    }
    header_ = header;
    image_ = {.width = header.width, .height = header.height, .rgb = {}};
    image_.rgb.reserve(image_.width * image_.height * 3);
  }

  void add_row(const std::byte* samples) override {
    append_rgb(header_.layout, samples, image_.width, image_.rgb);
  }

  Image finish() { return upright(std::move(image_), header_.orientation); }

 private:
  const Limits limits_;
  Header header_;
  Image image_;
};

std::vector<std::byte> read_file(const std::string& path) {
  // Opening a pipe would wait for its writer.
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Io, "not a file: " + path);
  }
  const auto file = io::local_file_system()->open(path);
  if (file->size() > kMaxFileBytes) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io,
                "image file is larger than " + std::to_string(kMaxFileBytes) +
                    " bytes: " + std::to_string(file->size()));
  }
  std::vector<std::byte> bytes(file->size());
  bytes.resize(file->read_at(0, bytes));
  return bytes;
}

}  // namespace

Image decode(std::span<const std::byte> file, const Limits& limits) {
  if (file.empty()) throw inference_error(ErrorCode::InvalidArgument, "image is empty: 0 bytes");
  const std::optional<Format> format = format_of(file);
  if (!format) {
    throw inference_error(ErrorCode::InvalidArgument,
                          "not a PNG, JPEG, TIFF or WebP image: " + std::to_string(file.size()) + " bytes");
  }
  Collector collector(limits);
  load(file, *format, collector);
  return collector.finish();
}

Image decode_file(const std::string& path, const Limits& limits) {
  return decode(read_file(path), limits);
}

}  // namespace jammi::image
