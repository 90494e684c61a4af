#include "io/fault_injecting_file_system.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "io/memory_file_system.h"

namespace jammi::io {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(FaultInjectingFileSystem, shows_every_changing_call_in_order) {
  std::vector<std::string> calls;
  FaultInjectingFileSystem files(std::make_shared<MemoryFileSystem>(),
                                 [&](size_t, std::string_view call) { calls.emplace_back(call); });
  write_file_atomically(files, "d/a", bytes_of("x"));
  EXPECT_TRUE(files.exists("d/a"));
  EXPECT_THAT(calls, ::testing::ElementsAre("create d/a.tmp", "append d/a.tmp", "sync d/a.tmp",
                                            "close d/a.tmp", "rename d/a.tmp", "sync_directory d"));
  EXPECT_EQ(files.num_changes(), 6u);
}

TEST(FaultInjectingFileSystem, an_atomic_write_leaves_old_or_new_wherever_the_device_fills_up) {
  for (size_t n = 1; n <= 7; ++n) {
    auto memory = std::make_shared<MemoryFileSystem>();
    write_file_atomically(*memory, "d/a", bytes_of("old"));
    FaultInjectingFileSystem files(memory, device_full_from(n));
    std::string outcome;
    try {
      write_file_atomically(files, "d/a", bytes_of("new"));
      outcome = "written";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
      outcome = "failed";
    }
    EXPECT_EQ(outcome, n <= 6 ? "failed" : "written");
    const std::string left = read_file(*memory->after_power_cut({}), "d/a");
    EXPECT_EQ(left, n <= 6 ? "old" : "new") << "call " << n;
  }
}

}  // namespace
}  // namespace jammi::io
