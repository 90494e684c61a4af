#include "catalog/connection_pool.h"

#include <utility>

#include <jammi/error.h>

namespace jammi::catalog {

ConnectionPool::ConnectionPool(std::filesystem::path file, size_t size,
                               std::chrono::milliseconds busy_timeout)
    : file_(std::move(file)), busy_timeout_(busy_timeout), num_unopened_(size) {
  free_.reserve(size);  // so that giving back never allocates
}

ConnectionPool::Lease ConnectionPool::lease() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, busy_timeout_, [&] { return !free_.empty() || num_unopened_ > 0; })) {
    throw Error(ErrorCode::Unavailable, ErrorCategory::Catalog,
                "every connection to the catalog is in use: " + file_.string());
  }
  if (!free_.empty()) {
    std::unique_ptr<Connection> connection = std::move(free_.back());
    free_.pop_back();
    return Lease(*this, std::move(connection));
  }
  --num_unopened_;
  lock.unlock();
  try {
    return Lease(*this, std::make_unique<Connection>(file_, busy_timeout_));
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (connection) {
      free_.push_back(std::move(connection));
    } else {
      ++num_unopened_;
    }
  }
  returned_.notify_one();
}

ConnectionPool::Lease::Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

ConnectionPool::Lease::~Lease() {
  pool_.give_back(std::move(connection_));
}

}  // namespace jammi::catalog
