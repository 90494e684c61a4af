#include "db/source_location.h"

#include <charconv>
#include <filesystem>
#include <string_view>

#include <jammi/error.h>

namespace jammi::db {
namespace {

constexpr std::string_view kFileScheme = "file://";

bool has_wildcard(std::string_view segment) {
  return segment.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string source_location(const std::string& url) {
  if (url.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage, "invalid storage URL '': URL is empty");
  }
  size_t scheme = url.find("://");
  std::string path = url;
  if (url.starts_with(kFileScheme)) {
    path = percent_decoded(url.substr(kFileScheme.size()));
  } else if (scheme != std::string::npos) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Storage,
                "invalid storage URL '" + url + "': unknown scheme '" + url.substr(0, scheme + 3) + "'");
  }
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string table_name(const std::string& location, const std::string& fallback) {
  std::filesystem::path path = location;
  if (!path.has_filename()) path = path.parent_path();
  while (has_wildcard(path.filename().string()) && !std::filesystem::exists(path)) path = path.parent_path();
  std::string name = path.filename().string();
  name = name.substr(0, name.find('.'));
  return name.empty() ? fallback : name;
}

sql::FileTable file_table(const std::string& source_id, const SourceConnection& connection) {
  if (!connection.url) throw source_error(ErrorCode::InvalidArgument, source_id, "a file source needs a url");
  if (!connection.format) {
    throw source_error(ErrorCode::InvalidArgument, source_id, "a file source needs a format");
  }
  if (*connection.format == FileFormat::Avro) {
    throw source_error(ErrorCode::Unsupported, source_id, "Avro not yet supported");
  }
  std::string location = source_location(*connection.url);
  return {.name = table_name(location, source_id), .format = *connection.format, .location = location};
}

}  // namespace jammi::db
