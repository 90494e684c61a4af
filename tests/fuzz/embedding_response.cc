#include "model/embedding_response.h"

#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer(
      [&] { jammi::model::parse_embedding_response(jammi::fuzz::as_text(data, size), 3); });
  return 0;
}
