#include "image/format.h"

#include <array>

namespace jammi::image {
namespace {

using namespace std::string_view_literals;

struct Signature {
  Format format;
  size_t place;
  std::string_view bytes;
};

constexpr std::array kSignatures{
    Signature{Format::Png, 0, "\x89PNG\r\n\x1a\n"sv},
    Signature{Format::Jpeg, 0, "\xff\xd8\xff"sv},
    Signature{Format::Tiff, 0, "II*\0"sv},
    Signature{Format::Tiff, 0, "MM\0*"sv},
    Signature{Format::Tiff, 0, "II+\0"sv},
    Signature{Format::Tiff, 0, "MM\0+"sv},
    Signature{Format::Webp, 8, "WEBP"sv},
};

}  // namespace

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::Png:
      return "PNG";
    case Format::Jpeg:
      return "JPEG";
    case Format::Tiff:
      return "TIFF";
    case Format::Webp:
      return "WebP";
  }
  return "";
}

std::optional<Format> format_of(std::span<const std::byte> file) noexcept {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  for (const Signature& signature : kSignatures) {
    if (bytes.size() < signature.place + signature.bytes.size()) continue;
    if (signature.format == Format::Webp && !bytes.starts_with("RIFF")) continue;
    if (bytes.substr(signature.place).starts_with(signature.bytes)) return signature.format;
  }
  return std::nullopt;
}

}  // namespace jammi::image
