#include "model/hub_download.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jammi/error.h>

#include "base/hash.h"
#include "io/local_file_system.h"

namespace jammi::model {
namespace {

constexpr int kMaxAttemptsWithoutProgress = 3;

/// A file that grows at its end and survives interruptions. Throws Io errors that name it.
class PartialFile {
 public:
  explicit PartialFile(const std::filesystem::path& path) : path_(path) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat status{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) fail();
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~PartialFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  uint64_t size() const noexcept { return size_; }

  void append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      bytes = bytes.subspan(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
  }

  void clear() {
    if (::ftruncate(descriptor_, 0) != 0) fail();
    size_ = 0;
  }

  void sync() {
    if (::fsync(descriptor_) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    const int error = errno;
    throw Error(error == ENOSPC || error == EDQUOT ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable,
                ErrorCategory::Io, "cannot write file: " + path_.string() + ": " + std::strerror(error));
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

bool has_published_digest(const HubFile& file, const std::filesystem::path& partial) {
  if (!file.has_sha256) return true;
  base::Sha256 hash;
  hash.update(io::local_file_system()->map(partial.string())->bytes());
  return hash.finish() == file.etag;
}

/// Discards the file's bytes and takes them back from the count.
void discard(PartialFile& file, const ByteCounter& count) {
  count(-static_cast<int64_t>(file.size()));
  file.clear();
}

/// Fetches the rest of the file with one request.
void fetch_rest(io::HttpClient& client, io::HttpRequest request, const HubFile& file, PartialFile& partial,
                const ResponseRefusal& refuse, const ByteCounter& count, std::stop_token stop) {
  request.first_byte = partial.size();
  bool is_first_piece = true;
  auto sink = [&](const io::HttpResponse& head, std::span<const std::byte> bytes) {
    // A server that does not honour ranges answers 200 and sends the whole file.
    if (is_first_piece && head.status != 206 && partial.size() > 0) discard(partial, count);
    is_first_piece = false;
    if (bytes.size() > file.size - partial.size()) {
      discard(partial, count);
      throw Error(
          ErrorCode::DataCorruption, ErrorCategory::Model,
          "the hub sent more than the published " + std::to_string(file.size) + " bytes: " + file.name);
    }
    partial.append(bytes);
    count(static_cast<int64_t>(bytes.size()));
  };
  const io::HttpResponse response = client.send(request, sink, std::move(stop));
  if (response.status < 200 || response.status >= 300) refuse(response);
}

/// Repeats requests until the file has its published size; each one that brings bytes earns further attempts.
void fetch_all(io::HttpClient& client, const io::HttpRequest& request, const HubFile& file,
               PartialFile& partial, const ResponseRefusal& refuse, const ByteCounter& count,
               const std::stop_token& stop) {
  for (int attempts_without_progress = 0; partial.size() < file.size;) {
    const uint64_t size_before = partial.size();
    try {
      fetch_rest(client, request, file, partial, refuse, count, stop);
    } catch (const Error& error) {
      const bool is_cut_connection = error.code() == ErrorCode::Unavailable &&
                                     error.category() == ErrorCategory::Io && partial.size() > size_before;
      if (!is_cut_connection) throw;
    }
    attempts_without_progress = partial.size() > size_before ? 0 : attempts_without_progress + 1;
    if (attempts_without_progress == kMaxAttemptsWithoutProgress) {
      throw Error(ErrorCode::Unavailable, ErrorCategory::Io, "the hub sends no more bytes: " + request.url);
    }
  }
}

}  // namespace

void download_blob(io::HttpClient& client, const io::HttpRequest& request, const HubFile& file,
                   const std::filesystem::path& partial, const ResponseRefusal& refuse,
                   const ByteCounter& count, std::stop_token stop) {
  PartialFile growing(partial);
  count(static_cast<int64_t>(growing.size()));
  if (growing.size() > file.size) discard(growing, count);
  const bool is_continued = growing.size() > 0;
  fetch_all(client, request, file, growing, refuse, count, stop);
  if (!has_published_digest(file, partial) && is_continued) {
    discard(growing, count);
    fetch_all(client, request, file, growing, refuse, count, stop);
  }
  if (!has_published_digest(file, partial)) {
    discard(growing, count);
    std::filesystem::remove(partial);
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "downloaded file does not have its published digest: " + file.name);
  }
  growing.sync();
}

}  // namespace jammi::model
