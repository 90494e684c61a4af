#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <jammi/error.h>

/// Expects that `statement` throws jammi::Error with `expected_code` and a text containing `fragment`.
#define EXPECT_ERROR(expected_code, fragment, statement)                                        \
  do {                                                                                          \
    try {                                                                                       \
      statement;                                                                                \
      ADD_FAILURE() << "no error was thrown by: " #statement;                                   \
    } catch (const ::jammi::Error& thrown) {                                                    \
      EXPECT_EQ(thrown.code(), expected_code) << thrown.what();                                 \
      EXPECT_NE(std::string(thrown.what()).find(fragment), std::string::npos) << thrown.what(); \
    }                                                                                           \
  } while (false)

namespace jammi::testing {

/// A fresh directory, removed with everything in it when the object is destroyed.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace jammi::testing
