#include "text/tokenizer.h"

#include <string_view>

#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    const auto tokenizer =
        jammi::text::Tokenizer::load(jammi::fuzz::write_input_file(jammi::fuzz::as_bytes(data, size)));
    const std::string_view text = "A few words, and \xF0\x9F\x98\x80 one.";
    tokenizer->encode_batch({&text, 1}, 16);
  });
  return 0;
}
