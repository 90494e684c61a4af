#pragma once

#include <memory>

#include "io/file_system.h"

namespace jammi::io {

/// The machine's own files: pread, fsync, mmap and flock. Stateless.
std::shared_ptr<FileSystem> local_file_system();

}  // namespace jammi::io
