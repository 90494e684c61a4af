// Vectors file, little-endian:
//
//   rows        count x dimensions f32, as in the Parquet file
//   checksums   count x u32: low half of the XXH64 of each row's bytes
//   footer      u64 count
//               u32 dimensions
//               u32 version = 1
//               8 bytes "JAMMIVEC"
//
// The rows come first so that they can be written before their number is known and lie page-aligned when
// mapped.
#include "index/vectors_file.h"

#include <bit>
#include <cstring>
#include <utility>

#include <jammi/error.h>

#include "io/checksum.h"

namespace jammi::index {
namespace {

static_assert(std::endian::native == std::endian::little, "sidecar files are written as they lie in memory");

struct Footer {
  uint64_t count = 0;
  uint32_t dimensions = 0;
  uint32_t version = 1;
  char magic[8] = {'J', 'A', 'M', 'M', 'I', 'V', 'E', 'C'};

  bool operator==(const Footer&) const = default;
};
static_assert(sizeof(Footer) == 24);

uint32_t checksum_of(std::span<const float> row) {
  return static_cast<uint32_t>(io::xxh64(std::as_bytes(row)));
}

}  // namespace

VectorsFileWriter::VectorsFileWriter(std::unique_ptr<io::WritableFile> file, uint32_t dimensions)
    : file_(std::move(file)), dimensions_(dimensions) {}

void VectorsFileWriter::append(std::span<const float> vectors) {
  file_->append(std::as_bytes(vectors));
  for (size_t start = 0; start < vectors.size(); start += dimensions_)
    row_checksums_.push_back(checksum_of(vectors.subspan(start, dimensions_)));
}

void VectorsFileWriter::finish() {
  const Footer footer{.count = row_checksums_.size(), .dimensions = dimensions_};
  file_->append(std::as_bytes(std::span(row_checksums_)));
  file_->append(std::as_bytes(std::span(&footer, 1)));
  file_->sync();
  file_->close();
}

std::span<const std::byte> VectorsFile::tail(std::span<const std::byte> file, uint64_t count,
                                             uint32_t dimensions) {
  const uint64_t rows_size = count * dimensions * sizeof(float);
  return rows_size < file.size() ? file.subspan(rows_size) : std::span<const std::byte>();
}

VectorsFile::VectorsFile(std::unique_ptr<io::FileBytes> file, uint64_t count, uint32_t dimensions)
    : file_(std::move(file)), count_(count), dimensions_(dimensions) {
  const std::span<const std::byte> bytes = file_->bytes();
  const std::span<const std::byte> behind_rows = tail(bytes, count, dimensions);
  Footer footer;
  const bool has_size = behind_rows.size() == count * sizeof(uint32_t) + sizeof footer;
  if (has_size) std::memcpy(&footer, behind_rows.data() + behind_rows.size() - sizeof footer, sizeof footer);
  if (!has_size || footer != Footer{.count = count, .dimensions = dimensions}) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
                "the vectors file is damaged: it has another shape than the manifest says");
  }
  vectors_ = {reinterpret_cast<const float*>(bytes.data()), count * dimensions};
  row_checksums_ = {reinterpret_cast<const uint32_t*>(behind_rows.data()), count};
}

std::span<const float> VectorsFile::row(uint64_t row) const {
  const std::span<const float> vector = vectors_.subspan(row * dimensions_, dimensions_);
  if (checksum_of(vector) != row_checksums_[row]) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
                "the vectors file is damaged at row: " + std::to_string(row));
  }
  return vector;
}

}  // namespace jammi::index
