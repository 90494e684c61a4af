#include "storage/row_store.h"

#include <vector>

#include <arrow/table.h>

#include "fuzz/fuzzer.h"
#include "io/memory_file_system.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jammi::fuzz::expect_answer([&] {
    jammi::io::MemoryFileSystem files;
    files.create("t.rows")->append(jammi::fuzz::as_bytes(data, size));
    const auto store = jammi::storage::RowStore::open(files, "t.rows");
    if (store->num_rows() == 0) return;
    const std::vector<uint64_t> positions{0, store->num_rows() - 1};
    if (!store->take(positions)->ValidateFull().ok()) __builtin_trap();
  });
  return 0;
}
