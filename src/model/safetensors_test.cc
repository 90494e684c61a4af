#include "model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::ElementsAre;

class SafetensorsTest : public ::testing::Test {
 protected:
  std::filesystem::path write(std::string_view name, std::string_view bytes) {
    testing::write_file(directory_.path() / name, bytes);
    return directory_.path() / name;
  }
  std::shared_ptr<const Safetensors> open(std::string_view bytes) {
    std::filesystem::path file = write("a.safetensors", bytes);
    return Safetensors::open(std::span(&file, 1));
  }
  std::shared_ptr<const Safetensors> open(std::string_view header, size_t num_data_bytes) {
    return open(testing::safetensors_bytes(header, num_data_bytes));
  }

  TemporaryDirectory directory_;
};

TEST_F(SafetensorsTest, tensors_are_found_by_name_with_shape_and_bytes) {
  auto file =
      open(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},)"
           R"("a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
           R"("scalar":{"dtype":"U8","shape":[],"data_offsets":[20,21]},)"
           R"("none":{"dtype":"F32","shape":[0,7],"data_offsets":[21,21]}}   )",
           21);
  EXPECT_THAT(file->names(), ElementsAre("a", "b", "none", "scalar"));
  nn::TensorView b = file->find("b").value();
  EXPECT_EQ(b.dtype, nn::DType::F32);
  EXPECT_THAT(b.shape, ElementsAre(2, 2));
  EXPECT_EQ(b.bytes.size(), 16u);
  EXPECT_EQ(file->find("none")->bytes.size(), 0u);
  EXPECT_EQ(file->find("c"), std::nullopt);
  EXPECT_EQ(file->find("__metadata__"), std::nullopt);
}

TEST_F(SafetensorsTest, reads_what_the_format_s_own_library_wrote) {
  std::filesystem::path path = testing::tiny_bert() / "model.safetensors";
  auto file = Safetensors::open(std::span(&path, 1));
  EXPECT_EQ(file->names().size(), 5u + 2 * 16u);
  EXPECT_THAT(file->find("embeddings.word_embeddings.weight")->shape, ElementsAre(596, 32));
  EXPECT_EQ(file->description(), path.string());
}

TEST_F(SafetensorsTest, several_files_are_one_source) {
  const std::vector<std::filesystem::path> files = {
      write("1.safetensors",
            testing::safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4)),
      write("2.safetensors",
            testing::safetensors_bytes(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4))};
  auto source = Safetensors::open(files);
  EXPECT_THAT(source->names(), ElementsAre("a", "b"));
  EXPECT_EQ(source->description(), files[0].string() + " and 1 more files");
  const std::vector<std::filesystem::path> twice = {files[0], files[0]};
  EXPECT_ERROR(ErrorCode::DataCorruption, "tensor is in two files: " + files[0].string() + ": a",
               Safetensors::open(twice));
}

TEST_F(SafetensorsTest, headers_that_break_the_format_are_refused_by_name) {
  const std::string file = directory_.file("a.safetensors");
  EXPECT_ERROR(ErrorCode::DataCorruption, "file too short for a safetensors header: " + file, open(""));
  EXPECT_ERROR(ErrorCode::DataCorruption, "file too short for a safetensors header: " + file,
               open("\x04\0\0"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "header is longer than the file or 100 MB: " + file,
               open(std::string_view("\x09\0\0\0\0\0\0\0{}", 10)));
  EXPECT_ERROR(ErrorCode::DataCorruption, "18446744073709551615 bytes", open(std::string(16, '\xFF')));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not valid JSON: " + file, open("{\"a\":", 0));
  EXPECT_ERROR(ErrorCode::DataCorruption, "header is not an object: " + file, open("[]", 0));
  EXPECT_ERROR(ErrorCode::DataCorruption, "JSON nested too deeply: " + file,
               open(std::string(1'000'000, '['), 0));
  EXPECT_ERROR(ErrorCode::DataCorruption, "JSON key given twice: " + file,
               open(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                    R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                    1));
}

struct BadTensor {
  const char* problem;
  const char* entry;
  ErrorCode code = ErrorCode::DataCorruption;
};

TEST_F(SafetensorsTest, tensors_that_break_the_format_are_refused_by_name) {
  const std::vector<BadTensor> bad_tensors = {
      {"tensor entry is not an object", R"(7)"},
      {"tensor without dtype", R"({"shape":[2],"data_offsets":[0,8]})"},
      {"unknown tensor dtype", R"({"dtype":"F4","shape":[2],"data_offsets":[0,8]})", ErrorCode::Unsupported},
      {"tensor without shape", R"({"dtype":"F32","data_offsets":[0,8]})"},
      {"tensor shape is not made of sizes", R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"},
      {"tensor shape is not made of sizes", R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"},
      {"tensor shape is not made of sizes",
       R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})"},
      {"tensor shape is too large",
       R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})"},
      {"tensor shape has too many dimensions",
       R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"},
      {"tensor's shape does not match its bytes", R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"},
      {"tensor without data_offsets", R"({"dtype":"F32","shape":[2]})"},
      {"tensor without data_offsets", R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,9]})"},
      {"tensor without data_offsets", R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"},
      {"tensor lies outside the file", R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})"},
      {"tensor lies outside the file", R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"},
      {"tensor lies outside the file",
       R"({"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615]})"},
      {"unused bytes before tensor", R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"},
  };
  for (const BadTensor& bad : bad_tensors) {
    EXPECT_ERROR(bad.code, std::string(bad.problem) + ": " + directory_.file("a.safetensors") + ": x",
                 open("{\"x\":" + std::string(bad.entry) + "}", 8));
  }
}

TEST_F(SafetensorsTest, tensors_must_cover_the_file_without_overlap) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "tensor overlaps another",
               open(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                    R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                    12));
  EXPECT_ERROR(ErrorCode::DataCorruption, "unused bytes after the last tensor",
               open(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9));
}

TEST_F(SafetensorsTest, a_file_cut_anywhere_is_refused) {
  const std::string whole =
      testing::safetensors_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  EXPECT_NE(open(whole), nullptr);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_ERROR(ErrorCode::DataCorruption, "a.safetensors", open(std::string_view(whole).substr(0, size)));
  }
}

TEST_F(SafetensorsTest, missing_file_is_named) {
  std::filesystem::path path = directory_.path() / "none.safetensors";
  EXPECT_ERROR(ErrorCode::NotFound, path.string(), Safetensors::open(std::span(&path, 1)));
}

TEST_F(SafetensorsTest, an_index_names_its_shards) {
  auto index = write("model.safetensors.index.json",
                     R"({"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}})");
  EXPECT_THAT(safetensors_shards(index),
              ElementsAre(directory_.path() / "m-1.safetensors", directory_.path() / "m-2.safetensors"));
}

TEST_F(SafetensorsTest, an_index_that_leaves_its_directory_or_is_malformed_is_refused) {
  auto shards = [&](std::string_view text) { return safetensors_shards(write("i.json", text)); };
  for (std::string name : {"../m.safetensors", "/m.safetensors", "i.json", "", "..", "sub/m.safetensors"}) {
    EXPECT_ERROR(ErrorCode::DataCorruption, "no shard beside it",
                 shards(R"({"weight_map":{"a":")" + name + "\"}}"));
  }
  EXPECT_ERROR(ErrorCode::DataCorruption, "index without weight_map", shards("{}"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "index without weight_map", shards("[]"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "index is empty", shards(R"({"weight_map":{}})"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "index names no file", shards(R"({"weight_map":{"a":1}})"));
}

}  // namespace
}  // namespace jammi::model
