#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog/connection.h"

namespace jammi::catalog {

/// A limited number of connections to one catalog, opened as they are needed. Thread-safe; outlives its
/// leases.
class ConnectionPool {
 public:
  struct Options {
    std::string place;  ///< the file or server, for messages
    std::function<std::unique_ptr<Connection>()> connect;
    size_t size;
    std::chrono::milliseconds lease_timeout;
    std::optional<std::chrono::seconds> max_lifetime;  ///< of a connection
  };

  explicit ConnectionPool(Options options);

  /// A connection for the calling thread, returned to the pool when the lease is destroyed.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    ConnectionPool& pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Waits up to the timeout for a free connection; then throws Unavailable. A connection that was lost since
  /// its last use, or has lived too long, is replaced by a new one.
  Lease lease();

  /// Has connections replaced at their next use, of which some may know tables as they were before a change.
  void renew();

 private:
  bool has_lived(const Connection& connection) const;
  void give_back(std::unique_ptr<Connection> connection) noexcept;

  const Options options_;
  std::mutex mutex_;  // guards free_, num_unopened_ and renewed_at_
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;
  size_t num_unopened_;
  std::chrono::steady_clock::time_point renewed_at_;
};

}  // namespace jammi::catalog
