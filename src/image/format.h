#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace jammi::image {

/// The file formats that are read.
enum class Format : uint8_t { Png, Jpeg, Tiff, Webp };

std::string_view to_string(Format format) noexcept;  ///< PNG, JPEG, TIFF, WebP

/// The format that a file's first bytes announce, whatever its name; nothing for any other file.
std::optional<Format> format_of(std::span<const std::byte> file) noexcept;

}  // namespace jammi::image
