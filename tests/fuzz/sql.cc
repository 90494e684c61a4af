#include <arrow/record_batch.h>

#include "fuzz/fuzzer.h"
#include "sql/engine.h"

// Plans the text as a statement and reads it as an expression; nothing is run.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static jammi::sql::Engine engine(
      {.threads = 1, .memory_limit_bytes = 256 << 20, .temp_directory = "/nowhere"}, {});
  const std::string text(jammi::fuzz::as_text(data, size));
  jammi::fuzz::expect_answer([&] { engine.query(text); });
  jammi::fuzz::expect_answer([&] { engine.parse_expression(text); });
  return 0;
}
