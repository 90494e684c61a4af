#include "model/onnx/onnx_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::filesystem::path kGraphs = std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/onnx";

std::string field(int number, std::string_view content) {
  std::string bytes;
  for (size_t value : {static_cast<size_t>(number << 3 | 2), content.size()}) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
  }
  return bytes + std::string(content);
}

/// A tensor with its values in another file.
std::string tensor(std::string_view location) {
  return field(13, field(1, "location") + field(2, location)) + field(13, field(1, "offset") + field(2, "0"));
}

TEST(OnnxFile, files_of_tensors_are_found_beside_it) {
  EXPECT_THAT(external_data_files(kGraphs / "both.onnx"), IsEmpty());
  EXPECT_THAT(external_data_files(kGraphs / "external.onnx"), ElementsAre(kGraphs / "weights.bin"));
}

TEST(OnnxFile, files_are_found_wherever_a_tensor_may_stand_each_once) {
  jammi::testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "model.onnx";
  for (const char* name : {"a", "b", "c", "d", "e", "sub/f"})
    testing::write_file(directory.path() / name, "");
  const std::string subgraph = field(5, tensor("b"));
  const std::string node = field(5, field(5, tensor("c")) + field(6, subgraph) + field(11, subgraph));
  const std::string graph =
      field(1, node) + field(5, tensor("a")) + field(5, tensor("a")) + field(15, field(2, tensor("d")));
  testing::write_file(file, field(7, graph) + field(20, field(1, field(5, tensor("e")))) +
                                field(25, field(7, field(5, field(10, tensor("sub/f"))))));
  EXPECT_THAT(external_data_files(file),
              ElementsAre(directory.path() / "a", directory.path() / "b", directory.path() / "c",
                          directory.path() / "d", directory.path() / "e", directory.path() / "sub/f"));
}

TEST(OnnxFile, files_elsewhere_are_refused) {
  const auto refuse = [](const std::string& problem, const std::string& name, const std::string& location) {
    const std::filesystem::path file = kGraphs / (name + ".onnx");
    EXPECT_ERROR(ErrorCode::DataCorruption, problem + ": " + file.string() + ": " + location,
                 external_data_files(file));
  };
  refuse("external data outside the model's folder", "outside", "../onnx/weights.bin");
  refuse("external data outside the model's folder", "absolute", "/etc/hostname");
  refuse("external data outside the model's folder", "memory", "*/_ORT_MEM_ADDR_/*");
  refuse("external data that does not exist", "missing", "nothing.bin");
}

TEST(OnnxFile, what_is_no_protobuf_message_is_refused) {
  jammi::testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "model.onnx";
  const auto refuse = [&](const std::string& problem, std::string_view bytes) {
    testing::write_file(file, bytes);
    EXPECT_ERROR(ErrorCode::DataCorruption, "not an ONNX file: " + file.string() + ": " + problem,
                 external_data_files(file));
  };
  refuse("cut in a number", "\xFF");
  refuse("number of more than 64 bits", std::string(11, '\xFF'));
  refuse("cut in a field", field(7, "graph").substr(0, 5));
  refuse("cut in a field", "\x0Dxyz");
  refuse("unknown wire type", "\x0Bxyz");
  refuse("field 0", std::string("\x02\x00", 2));
  std::string nested;
  for (int i = 0; i < 60; ++i) nested = field(1, field(5, field(6, nested)));
  refuse("nested too deeply", field(7, nested));
}

}  // namespace
}  // namespace jammi::model
