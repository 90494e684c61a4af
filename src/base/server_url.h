#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace jammi::base {

/// The parts of a database server's URL, as they are written.
struct ServerUrl {
  std::string authority;   ///< user:password@host:port
  std::string database;    ///< percent escapes included
  std::string parameters;  ///< behind the question mark

  /// The same without password and parameters: "postgresql://user@host:port/database", for messages.
  std::string shown_as(std::string_view scheme) const;
};

/// Splits "scheme://user:password@host:port/database?parameters". Instead gives a sentence about what is
/// wrong, which repeats nothing of the URL, when it names no database, or when a password that is not
/// percent-encoded could be taken for another part and so reach a message of the server.
std::expected<ServerUrl, std::string_view> split_server_url(std::string_view url);

}  // namespace jammi::base
