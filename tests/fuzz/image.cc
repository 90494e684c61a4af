#include <vector>

#include "fuzz/fuzzer.h"
#include "image/decode.h"
#include "image/preprocess.h"

// Decodes what a header may announce at a size that keeps each input within milliseconds.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    const jammi::image::Image image =
        jammi::image::decode(jammi::fuzz::as_bytes(data, size), {.pixels = 4096, .side = 512});
    if (image.rgb.size() != image.width * image.height * 3 || image.rgb.empty()) __builtin_trap();
    const jammi::image::Preprocessing preprocessing{.size = 8};
    std::vector<float> values(preprocessing.num_values());
    jammi::image::preprocess(image, preprocessing, values);
  });
  return 0;
}
