#include "io/file_system.h"

namespace jammi::io {

std::string parent_directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void write_file_atomically(FileSystem& files, const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".tmp";
  std::unique_ptr<WritableFile> file = files.create(temporary);
  file->append(bytes);
  file->sync();
  file->close();
  files.rename(temporary, path);
  files.sync_directory(parent_directory(path));
}

std::string read_file(const FileSystem& files, const std::string& path) {
  const std::unique_ptr<RandomAccessFile> file = files.open(path);
  std::string text(file->size(), '\0');
  text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace jammi::io
