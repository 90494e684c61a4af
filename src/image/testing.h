#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

/// Image files for tests.
namespace jammi::image::testing {

/// The bytes of a file in tests/fixtures/images; throws std::runtime_error when there is none.
std::vector<std::byte> fixture(std::string_view name);

/// The path of one.
std::filesystem::path fixture_path(std::string_view name);

/// A PNG file whose header says `width` x `height` and that has no pixels at all.
std::vector<std::byte> png_header(uint32_t width, uint32_t height);

}  // namespace jammi::image::testing
