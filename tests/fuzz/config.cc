#include <jammi/config.h>

#include "config/overlay.h"
#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    jammi::Config config;
    jammi::config::apply_toml(jammi::fuzz::as_text(data, size), config);
  });
  return 0;
}
