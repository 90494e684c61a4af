#pragma once

#include <cstdint>
#include <memory>

#include <arrow/buffer_builder.h>
#include <duckdb/common/vector/unified_vector_format.hpp>

namespace arrow {
class Array;
}

namespace jammi::sql {

/// Makes an Arrow array of UTF-8 texts with 32-bit offsets out of rows of VARCHAR vectors. Throws
/// jammi::Error when memory is short.
class TextAppender {
 public:
  /// An array holds at most `max_bytes` of text, which 32-bit offsets must reach.
  explicit TextAppender(int64_t max_bytes) : max_bytes_(max_bytes) {}

  /// How far the rows from `from` to before `to` fit into the array: the first that does not, or `to`.
  uint64_t fit(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to);

  /// Appends rows. The call before must be a `fit` from the same row that reached `to` or further.
  void append(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to);

  /// The memory that the rows so far fill.
  int64_t byte_size() const {
    return bytes_.length() + ends_.length() * static_cast<int64_t>(sizeof(int32_t)) + validity_.length() / 8;
  }

  /// The rows so far; the next row begins another array.
  std::shared_ptr<arrow::Array> finish();

 private:
  void append_validity(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to);

  int64_t max_bytes_;
  int64_t expected_bytes_ = 0;  // of an array: what the last one held
  arrow::BufferBuilder bytes_;
  arrow::TypedBufferBuilder<int32_t> ends_;  // the first is where the text of the first row begins
  arrow::TypedBufferBuilder<bool> validity_;
};

}  // namespace jammi::sql
