#include "model/safetensors.h"

#include <array>
#include <filesystem>

#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    const std::array<std::filesystem::path, 1> files{
        jammi::fuzz::write_input_file(jammi::fuzz::as_bytes(data, size))};
    const auto tensors = jammi::model::Safetensors::open(files);
    std::byte all{};
    for (const std::string& name : tensors->names()) {
      for (std::byte byte : tensors->find(name)->bytes) all |= byte;
    }
    [[maybe_unused]] static volatile std::byte sink;
    sink = all;
  });
  return 0;
}
