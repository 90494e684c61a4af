#include "inference/image_embedding_stream.h"

#include <fstream>
#include <iterator>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "image/decode.h"
#include "inference/testing.h"
#include "inference/text_rows.h"

namespace jammi::inference {
namespace {

using ::testing::Each;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const std::string kImages = JAMMI_SOURCE_DIR "/tests/fixtures/images/";

/// Cells of a column of paths, or of the bytes of the files there; an empty one is null.
template <typename Builder>
ImageRowReader rows_of(const std::vector<std::string>& cells) {
  arrow::StringBuilder keys;
  Builder images;
  for (const std::string& cell : cells) {
    EXPECT_TRUE(keys.Append(std::to_string(keys.length())).ok());
    EXPECT_TRUE((cell.empty() ? images.AppendNull() : images.Append(cell)).ok());
  }
  const arrow::ArrayVector columns{keys.Finish().ValueOrDie(), images.Finish().ValueOrDie()};
  const auto schema =
      arrow::schema({arrow::field("key", arrow::utf8()), arrow::field("image", columns[1]->type())});
  const auto batch = arrow::RecordBatch::Make(schema, static_cast<int64_t>(cells.size()), columns);
  return ImageRowReader(arrow::RecordBatchReader::Make({batch}, schema).ValueOrDie());
}

std::string bytes_of(const std::string& name) {
  std::ifstream file(kImages + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// All rows of a stream, in its order.
EmbeddedImages read_all(ImageEmbeddingStream& stream) {
  EmbeddedImages all;
  while (std::optional<EmbeddedImages> some = stream.next()) {
    std::ranges::move(some->rows, std::back_inserter(all.rows));
    all.vectors.append_range(some->vectors);
    all.num_tokens += some->num_tokens;
  }
  return all;
}

std::span<const float> vector_of(const EmbeddedImages& images, size_t row) {
  const size_t width = testing::tiny_clip()->dimensions();
  return std::span(images.vectors).subspan(row * width, width);
}

TEST(ImageEmbeddingStream, gives_the_vectors_of_bytes_and_of_paths_in_input_order) {
  const std::vector<std::string> names{"colour.png", "grey.jpg", "inks.tif", "alpha.webp", "oriented_6.jpg"};
  std::vector<std::string> paths, contents;
  for (size_t i = 0; i < 90; ++i) {
    paths.push_back(kImages + names[i % names.size()]);
    contents.push_back(bytes_of(names[i % names.size()]));
  }
  const StreamOptions options{.num_threads = 3, .rows_per_window = 20};
  ImageEmbeddingStream of_paths(testing::tiny_clip(), rows_of<arrow::StringBuilder>(paths), options);
  ImageEmbeddingStream of_contents(testing::tiny_clip(), rows_of<arrow::BinaryBuilder>(contents), options);
  for (ImageEmbeddingStream* stream : {&of_paths, &of_contents}) {
    const EmbeddedImages images = read_all(*stream);
    ASSERT_EQ(images.rows.size(), 90u);
    EXPECT_EQ(images.num_tokens, 90u * 17);
    for (size_t i = 0; i < 90; ++i) {
      EXPECT_EQ(images.rows[i].row_id, std::to_string(i));
      EXPECT_EQ(images.rows[i].error, "");
      EXPECT_EQ(images.rows[i].content, "");
      const auto expected = testing::tiny_clip()->embed(image::decode_file(paths[i]));
      EXPECT_THAT(vector_of(images, i), Pointwise(FloatNear(1e-5f), expected)) << names[i % names.size()];
    }
  }
}

TEST(ImageEmbeddingStream, a_row_that_fails_says_why_and_leaves_the_others_alone) {
  std::string cut = bytes_of("colour.jpg");
  cut.resize(cut.size() / 2);
  ImageEmbeddingStream stream(
      testing::tiny_clip(),
      rows_of<arrow::BinaryBuilder>({bytes_of("colour.png"), "", cut, "no image", bytes_of("grey.png")}),
      {.num_threads = 2, .rows_per_window = 3});
  const EmbeddedImages images = read_all(stream);
  ASSERT_EQ(images.rows.size(), 5u);
  EXPECT_TRUE(images.rows[0].is_ok());
  EXPECT_EQ(images.rows[1].error, kNullImageError);
  EXPECT_EQ(images.rows[2].error, "Failed to decode image at row 2: image is corrupt or cut short: JPEG");
  EXPECT_EQ(images.rows[3].error,
            "Failed to decode image at row 3: not a PNG, JPEG, TIFF or WebP image: 8 bytes");
  EXPECT_TRUE(images.rows[4].is_ok());
  EXPECT_EQ(images.num_tokens, 2u * 17);
  EXPECT_THAT(vector_of(images, 2), Each(0.0f));
  const auto expected = testing::tiny_clip()->embed(image::decode_file(kImages + "grey.png"));
  EXPECT_THAT(vector_of(images, 4), Pointwise(FloatNear(1e-5f), expected));
}

TEST(ImageEmbeddingStream, a_path_that_cannot_be_read_is_named) {
  ImageEmbeddingStream stream(testing::tiny_clip(),
                              rows_of<arrow::StringBuilder>({"/no/such.png", kImages, kImages + "float.tif"}),
                              {.num_threads = 1});
  const EmbeddedImages images = read_all(stream);
  EXPECT_THAT(images.rows[0].error, HasSubstr("Failed to load image '/no/such.png': cannot open file"));
  EXPECT_THAT(images.rows[1].error, HasSubstr("Failed to load image '" + kImages + "': not a file"));
  EXPECT_THAT(images.rows[2].error, HasSubstr("Failed to decode image at row 2: image has samples"));
}

TEST(ImageEmbeddingStream, ends_after_no_rows) {
  ImageEmbeddingStream stream(testing::tiny_clip(), rows_of<arrow::StringBuilder>({}), {.num_threads = 2});
  EXPECT_FALSE(stream.next());
}

TEST(ImageEmbeddingStream, a_stop_request_ends_it) {
  std::stop_source stop;
  const std::vector<std::string> paths(1000, kImages + "colour.png");
  ImageEmbeddingStream stream(testing::tiny_clip(), rows_of<arrow::StringBuilder>(paths),
                              {.num_threads = 2, .rows_per_window = 8}, stop.get_token());
  EXPECT_TRUE(stream.next());
  stop.request_stop();
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled", stream.next());
}

}  // namespace
}  // namespace jammi::inference
