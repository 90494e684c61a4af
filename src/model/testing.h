#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Builds model files for tests, sound and broken ones.
namespace jammi::model::testing {

/// tests/fixtures/tiny_bert: 2 layers of width 32, 128 positions, 596 pieces.
std::filesystem::path tiny_bert();

/// tests/fixtures/tiny_clip: small towers, images of 32 pixels a side, vectors of 8 values that know
/// colours and shapes.
std::filesystem::path tiny_clip();

/// Copies tiny_bert into `directory`, which may not exist yet.
void copy_tiny_bert(const std::filesystem::path& directory);

void write_file(const std::filesystem::path& path, std::string_view bytes);
std::string read_file(const std::filesystem::path& path);

/// Replaces the one occurrence of `before` in a text file; throws std::logic_error when there is not exactly
/// one.
void edit_file(const std::filesystem::path& path, std::string_view before, std::string_view after);

/// A safetensors file: `header` (JSON text) after its length, then `num_data_bytes` zero bytes.
std::string safetensors_bytes(std::string_view header, size_t num_data_bytes);

}  // namespace jammi::model::testing
