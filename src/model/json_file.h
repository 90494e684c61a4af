#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace jammi::model {

constexpr size_t kMaxJsonDepth = 64;

/// Parses JSON from outside: UTF-8 only, no deeper than kMaxJsonDepth, no key twice in one object.
/// Throws Model DataCorruption naming `where` and the position.
nlohmann::json parse_json(std::string_view text, const std::string& where);

/// Reads and parses a JSON file of at most 16 MiB. Throws NotFound or DataCorruption of category Model,
/// naming it.
nlohmann::json read_json(const std::filesystem::path& path);

/// A JSON object in a file, with typed access whose errors name the file and the field. All throw Model
/// errors: NotFound for a missing file, DataCorruption otherwise.
class JsonFile {
 public:
  static JsonFile read(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }
  size_t size() const;                     ///< number of fields
  bool has(std::string_view field) const;  ///< present and not null

  /// A whole number in [least, most].
  int64_t integer(std::string_view field, int64_t least, int64_t most) const;
  int64_t integer_or(std::string_view field, int64_t least, int64_t most, int64_t fallback) const;
  double number_or(std::string_view field, double least, double most, double fallback) const;
  bool boolean_or(std::string_view field, bool fallback) const;
  std::string string_or(std::string_view field, std::string_view fallback) const;
  std::vector<std::string> strings(std::string_view field) const;
  std::vector<double> numbers(std::string_view field, double least, double most) const;
  bool is_false(std::string_view field) const;  ///< present and the word false

  /// The object in a field; its errors name their fields as "<field>.<inner field>".
  JsonFile object(std::string_view field) const;

  /// Throws DataCorruption: "<problem>: <path>: <field>".
  [[noreturn]] void fail(std::string_view problem, std::string_view field) const;

 private:
  JsonFile(std::filesystem::path path, std::string prefix, nlohmann::json root);

  std::filesystem::path path_;
  std::string prefix_;  ///< of field names in errors
  std::shared_ptr<const nlohmann::json> root_;
};

}  // namespace jammi::model
