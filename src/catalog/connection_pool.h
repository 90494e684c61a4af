#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "catalog/sqlite.h"

namespace jammi::catalog {

/// A fixed number of connections to one SQLite file, opened as they are needed. Thread-safe; outlives its
/// leases.
class ConnectionPool {
 public:
  ConnectionPool(std::filesystem::path file, size_t size, std::chrono::milliseconds busy_timeout);

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

  /// Waits up to the busy timeout for a free connection; then throws Unavailable.
  Lease lease();

  const std::filesystem::path& file() const { return file_; }

 private:
  void give_back(std::unique_ptr<Connection> connection) noexcept;

  const std::filesystem::path file_;
  const std::chrono::milliseconds busy_timeout_;
  std::mutex mutex_;  // guards free_ and num_unopened_
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;
  size_t num_unopened_;
};

}  // namespace jammi::catalog
