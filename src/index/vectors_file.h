#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace jammi::index {

/// Writes a `<name>.vectors` file: a copy of a table's float32 vectors that can be mapped.
class VectorsFileWriter {
 public:
  VectorsFileWriter(std::unique_ptr<io::WritableFile> file, uint32_t dimensions);

  /// Appends `vectors` [n, dimensions].
  void append(std::span<const float> vectors);

  /// Completes, syncs and closes the file.
  void finish();

 private:
  std::unique_ptr<io::WritableFile> file_;
  const uint32_t dimensions_;
  std::vector<uint32_t> row_checksums_;
};

/// The vectors of a table by position, over a mapped file. Each row is checked when it is read.
class VectorsFile {
 public:
  /// Throws DataCorruption unless the file has this shape.
  VectorsFile(std::unique_ptr<io::FileBytes> file, uint64_t count, uint32_t dimensions);

  /// Throws DataCorruption when the row's bytes do not match their checksum.
  std::span<const float> row(uint64_t row) const;

  uint64_t count() const { return count_; }

  /// The bytes behind the rows, which the manifest's checksum covers; empty when `file` is too short.
  static std::span<const std::byte> tail(std::span<const std::byte> file, uint64_t count,
                                         uint32_t dimensions);

 private:
  std::unique_ptr<io::FileBytes> file_;
  const uint64_t count_;
  const uint32_t dimensions_;
  std::span<const float> vectors_;
  std::span<const uint32_t> row_checksums_;
};

}  // namespace jammi::index
