#pragma once

#include <string>
#include <string_view>

#include <jammi/records.h>

#include "sql/engine.h"

namespace jammi::db {

/// `text` with every %41 as the byte it stands for.
std::string percent_decoded(std::string_view text);

/// The absolute path, directory or glob that a source's URL means: an absolute or relative path (relative to
/// the working directory) or a file:// URL, whose percent escapes are decoded. Throws InvalidArgument for an
/// empty URL, Unsupported for another scheme.
std::string source_location(const std::string& url);

/// The SQL name of the table at `location`: its last path segment without wildcards, cut at the first dot.
/// "/data/patents.parquet" and "/data/patents/*.parquet" are both `patents`. `fallback` when nothing is left.
std::string table_name(const std::string& location, const std::string& fallback);

/// The one table of a file source. Throws as `source_location`, InvalidArgument without URL or format,
/// Unsupported for a format that has no reader.
sql::FileTable file_table(const std::string& source_id, const SourceConnection& connection);

}  // namespace jammi::db
