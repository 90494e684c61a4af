#include "inference/image_rows.h"

#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "inference/text_rows.h"

namespace jammi::inference {
namespace {

bool holds_images(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY ||
         type.id() == arrow::Type::STRING;
}

std::string_view view_of(const arrow::Array& array, int64_t position) {
  if (array.type_id() == arrow::Type::LARGE_BINARY) {
    return static_cast<const arrow::LargeBinaryArray&>(array).GetView(position);
  }
  return static_cast<const arrow::BinaryArray&>(array).GetView(position);  // a StringArray is one
}

}  // namespace

ImageRowReader::ImageRowReader(std::shared_ptr<arrow::RecordBatchReader> batches)
    : batches_(std::move(batches)) {
  const arrow::DataType& type = *batches_->schema()->field(1)->type();
  if (holds_images(type)) return;
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
              "Unsupported column type for image input: " + type.ToString() +
                  ". Expected Utf8 (file paths) or Binary (image bytes)");
}

bool ImageRowReader::advance() {
  while (batch_ == nullptr || position_ == batch_->num_rows()) {
    throw_if_error(batches_->ReadNext(&batch_));
    position_ = 0;
    if (batch_ == nullptr) return false;
  }
  return true;
}

ImageRow ImageRowReader::row_at(int64_t position) const {
  ImageRow row;
  const arrow::Array& keys = *batch_->column(0);
  const arrow::Array& images = *batch_->column(1);
  row.is_path = images.type_id() == arrow::Type::STRING;
  if (images.IsNull(position)) {
    row.error = kNullImageError;
  } else {
    row.content = view_of(images, position);
  }
  if (keys.IsNull(position)) {
    row.error = kNullKeyError;
  } else {
    row.row_id = view_of(keys, position);
  }
  return row;
}

std::vector<ImageRow> ImageRowReader::next(size_t max_rows, size_t max_bytes) {
  std::vector<ImageRow> rows;
  size_t bytes = 0;
  while (rows.size() < max_rows && bytes <= max_bytes && advance()) {
    rows.push_back(row_at(position_++));
    bytes += rows.back().content.size();
  }
  return rows;
}

}  // namespace jammi::inference
