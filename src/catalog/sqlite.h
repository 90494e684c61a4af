#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "catalog/connection.h"

namespace jammi::catalog {

/// Opens or creates `file` in WAL mode with foreign keys on and synchronous NORMAL; statements wait up to
/// `busy_timeout` for other writers. A transaction is BEGIN IMMEDIATE, which takes the file's one write lock.
std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file,
                                        std::chrono::milliseconds busy_timeout);

}  // namespace jammi::catalog
