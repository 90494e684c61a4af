#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "catalog/connection.h"

namespace jammi::catalog {

/// Where a catalog on a server is, for messages: "postgresql://user@host:port/database". Throws
/// InvalidArgument (Config), without repeating any of it, for a URL that is no such one, or whose password
/// could be taken for another part because it is not percent-encoded.
std::string postgres_address(const std::string& url);

/// A WHERE term that waits until no transaction writes, and has others wait until the statement has ended:
/// for a statement of its own that changes rows which transactions read before they write. The key of the
/// advisory lock spells "jammicat": other programs may use the database, too.
inline constexpr char kHoldsWriteLock[] =
    "(SELECT count(*) FROM pg_advisory_xact_lock(7665528357448278388)) = 1";

/// Connects to the PostgreSQL database of `url`, whose parameters are libpq's. Statements wait up to
/// `lock_timeout` for each other. Throws Unavailable when the server cannot be reached, InvalidArgument when
/// it refuses the user or the database.
///
/// A transaction reads what is committed and holds an advisory lock of the database until it ends, so that
/// one runs at a time, as with SQLite. Serialisable isolation would let several run and fail all but one of
/// those that touch: each caller would have to be able to repeat its work. The transactions of a catalog are
/// short and rare, so waiting costs less. Single statements take no such lock.
///
/// The rows of a query are fetched as they are read. Another statement of the same connection takes the rest
/// into memory first.
std::unique_ptr<Connection> connect_postgres(const std::string& url, std::chrono::milliseconds lock_timeout);

}  // namespace jammi::catalog
