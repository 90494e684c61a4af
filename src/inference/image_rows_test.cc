#include "inference/image_rows.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "inference/text_rows.h"

namespace jammi::inference {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<arrow::Array> finished(arrow::ArrayBuilder& builder) {
  return builder.Finish().ValueOrDie();
}

template <typename Builder>
std::shared_ptr<arrow::Array> column(const std::vector<const char*>& cells) {
  Builder builder;
  for (const char* cell : cells) {
    if (cell == nullptr) {
      EXPECT_TRUE(builder.AppendNull().ok());
    } else {
      EXPECT_TRUE(builder.Append(cell).ok());
    }
  }
  return finished(builder);
}

ImageRowReader reader(std::shared_ptr<arrow::Array> keys, std::shared_ptr<arrow::Array> images) {
  const auto schema =
      arrow::schema({arrow::field("key", keys->type()), arrow::field("image", images->type())});
  const int64_t num_rows = keys->length();
  auto batch = arrow::RecordBatch::Make(schema, num_rows, {std::move(keys), std::move(images)});
  return ImageRowReader(arrow::RecordBatchReader::Make({batch, batch}).ValueOrDie());
}

TEST(ImageRowReader, reads_bytes_of_both_widths_and_paths) {
  const auto keys = column<arrow::StringBuilder>({"a"});
  for (const auto& images :
       {column<arrow::BinaryBuilder>({"bytes"}), column<arrow::LargeBinaryBuilder>({"bytes"})}) {
    const std::vector<ImageRow> rows = reader(keys, images).next(1, 100);
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].row_id, "a");
    EXPECT_EQ(rows[0].content, "bytes");
    EXPECT_FALSE(rows[0].is_path);
    EXPECT_TRUE(rows[0].is_ok());
  }
  EXPECT_TRUE(reader(keys, column<arrow::StringBuilder>({"/a.png"})).next(1, 100)[0].is_path);
}

TEST(ImageRowReader, refuses_other_types) {
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Unsupported column type for image input: fixed_size_binary[2]. Expected Utf8 (file paths) or "
               "Binary (image bytes)",
               reader(column<arrow::StringBuilder>({"a"}),
                      arrow::MakeArrayOfNull(arrow::fixed_size_binary(2), 1).ValueOrDie()));
}

TEST(ImageRowReader, rows_without_an_image_or_a_key_say_so) {
  const std::vector<ImageRow> rows = reader(column<arrow::StringBuilder>({"a", nullptr, nullptr}),
                                            column<arrow::BinaryBuilder>({nullptr, "bytes", nullptr}))
                                         .next(3, 100);
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].error, kNullImageError);
  EXPECT_EQ(rows[1].error, kNullKeyError);
  EXPECT_EQ(rows[2].error, kNullKeyError);
}

TEST(ImageRowReader, stops_at_as_many_rows_or_bytes_as_asked_for) {
  ImageRowReader rows = reader(column<arrow::StringBuilder>({"a", "b", "c"}),
                               column<arrow::BinaryBuilder>({"12345", "12345", "12345"}));
  EXPECT_THAT(rows.next(2, 100), SizeIs(2));
  EXPECT_THAT(rows.next(10, 5), SizeIs(2));
  EXPECT_THAT(rows.next(10, 100), SizeIs(2));
  EXPECT_THAT(rows.next(10, 100), IsEmpty());
}

}  // namespace
}  // namespace jammi::inference
