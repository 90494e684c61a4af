#pragma once

#include <memory>

#include <jammi/config.h>
#include <jammi/database.h>

namespace jammi::io {
class FileSystem;
}

namespace jammi::db {

/// `Database::open` with the result store's files reached through `files`, so that tests can make them fail.
std::unique_ptr<Database> open_database(const Config& config, std::shared_ptr<io::FileSystem> files);

}  // namespace jammi::db
