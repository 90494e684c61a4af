#include "storage/manifest.h"

#include <cstdlib>

#include "fuzz/fuzzer.h"

// What is read is written back the same.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using jammi::storage::Manifest;
  jammi::fuzz::expect_answer([&] {
    const std::string json = Manifest::from_json(jammi::fuzz::as_text(data, size)).to_json();
    if (Manifest::from_json(json).to_json() != json) std::abort();
  });
  return 0;
}
