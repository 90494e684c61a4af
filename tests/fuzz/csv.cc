#include "fuzz/fuzzer.h"
#include "sql/csv_check.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    jammi::sql::find_ragged_line(jammi::fuzz::write_input_file(jammi::fuzz::as_bytes(data, size)));
  });
  return 0;
}
