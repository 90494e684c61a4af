#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace jammi::base {

/// SHA-256 (FIPS 180-4) over bytes given piecewise.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);

  /// The digest as 64 lower-case hexadecimal digits. The object must not be used afterwards.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of `text` in hexadecimal.
std::string sha256_hex(std::string_view text);

/// A random version-4 UUID in lower case with hyphens (RFC 9562).
std::string random_uuid();

}  // namespace jammi::base
