#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

/// Each fuzzer is one file that defines LLVMFuzzerTestOneInput: it hands the bytes to one parser and returns
/// 0. A jammi::Error is an answer; any other exception, a crash or a sanitizer's report is a finding.
///
/// The `fuzz` preset links libFuzzer. Every other build links mutate.cc, which runs the seeds and a fixed
/// number of seeded mutations of them, so that the test-suite runs each fuzzer for a second or two.
namespace jammi::fuzz {

/// Runs `parse` and swallows the jammi::Error that it may throw.
void expect_answer(const std::function<void()>& parse);

std::string_view as_text(const uint8_t* data, size_t size);
std::span<const std::byte> as_bytes(const uint8_t* data, size_t size);

/// Writes `bytes` to a file of this process, the same one in every call, and returns its path.
const char* write_input_file(std::span<const std::byte> bytes);

}  // namespace jammi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
