#pragma once

#include <string>
#include <string_view>

#include "io/file_system.h"

namespace jammi::storage {

inline constexpr std::string_view kTemporarySuffix = ".tmp";
inline constexpr std::string_view kLockSuffix = ".lock";

/// The table a file in the root belongs to: its name up to the first '.'.
std::string_view table_of_file(std::string_view file_name);

/// Removes every file of a table but its lock, sidecars first and the Parquet file last.
void remove_table_files(io::FileSystem& files, const std::string& root, std::string_view table_name);

}  // namespace jammi::storage
