#pragma once

#include <filesystem>
#include <string>

namespace jammi::model {

/// What a stored vector depends on. Two vectors are comparable when their identities are equal. What cannot
/// be known of a model, or what it does not have, is empty.
struct ModelIdentity {
  std::string digest;            ///< SHA-256 over configuration, tokenizer and weights
  std::string tokenizer_digest;  ///< SHA-256 of the tokenizer's file
  std::string pooling;           ///< mean, cls, ...
  std::string precision;         ///< f32, bf16, f16, int8, or remote: whatever the server has
};

/// SHA-256 of a file in hexadecimal digits. Throws Io errors naming it.
std::string file_digest(const std::filesystem::path& path);

}  // namespace jammi::model
