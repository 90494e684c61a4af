#include "fuzz/fuzzer.h"
#include "model/onnx/onnx_file.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    jammi::model::external_data_files(jammi::fuzz::write_input_file(jammi::fuzz::as_bytes(data, size)));
  });
  return 0;
}
