#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace jammi::model {

/// A whole file mapped read-only. Move-only.
class MappedFile {
 public:
  /// Throws Model NotFound naming the file when it cannot be opened or mapped. An empty file maps to no
  /// bytes.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace jammi::model
