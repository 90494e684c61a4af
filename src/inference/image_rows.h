#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace arrow {
class RecordBatch;
class RecordBatchReader;
}  // namespace arrow

namespace jammi::inference {

/// One row with an image. A row without one carries the reason in `error` and is passed along.
struct ImageRow {
  std::string row_id;
  bool is_path = false;
  std::string content;  ///< bytes of an image file, or the path of one
  std::string error;

  bool is_ok() const { return error.empty(); }
};

/// `error` of a row whose image is null.
inline constexpr char kNullImageError[] = "Null or missing image input";

/// Reads rows from record batches of two columns: the key (utf8) and the image, as bytes (binary or
/// large_binary) or as the path of a file (utf8). Not thread-safe.
class ImageRowReader {
 public:
  /// Throws InvalidArgument when the second column is of another type.
  explicit ImageRowReader(std::shared_ptr<arrow::RecordBatchReader> batches);

  /// Returns up to `max_rows` rows in order, fewer once their content exceeds `max_bytes`, none at the end.
  std::vector<ImageRow> next(size_t max_rows, size_t max_bytes);

 private:
  bool advance();
  ImageRow row_at(int64_t position) const;

  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t position_ = 0;
};

}  // namespace jammi::inference
