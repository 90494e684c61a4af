#include "sql/point_statement.h"

#include <cstdlib>

#include <arrow/record_batch.h>

#include <jammi/error.h>

#include "fuzz/fuzzer.h"
#include "sql/engine.h"

// What is read as a point statement must be one to DuckDB's parser, too: it ends at the missing table.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static jammi::sql::Engine engine(
      {.threads = 1, .memory_limit_bytes = 256 << 20, .temp_directory = "/nowhere"}, {});
  const std::string text(jammi::fuzz::as_text(data, size));
  if (!jammi::sql::parse_point_statement(text)) return 0;
  try {
    engine.query(text);
    std::abort();
  } catch (const jammi::Error& error) {
    if (error.message().contains("syntax error")) std::abort();
  }
  return 0;
}
