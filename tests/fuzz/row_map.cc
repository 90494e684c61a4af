#include "index/row_map.h"

#include "fuzz/fuzzer.h"
#include "io/memory_file_system.h"

// The first byte says how many rows the map should have.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  jammi::fuzz::expect_answer([&] {
    jammi::io::MemoryFileSystem files;
    files.create("rows.rowmap")->append(jammi::fuzz::as_bytes(data + 1, size - 1));
    const jammi::index::RowMap rows(files.map("rows.rowmap"), data[0]);
    size_t bytes = 0;
    for (uint64_t row = 0; row < data[0]; ++row) bytes += rows[row].size();
    if (bytes > size) __builtin_trap();
  });
  return 0;
}
