#include "catalog/connection_pool.h"

#include <utility>

#include <jammi/error.h>

namespace jammi::catalog {

ConnectionPool::ConnectionPool(Options options) : options_(std::move(options)), num_unopened_(options_.size) {
  free_.reserve(options_.size);  // so that giving back never allocates
}

ConnectionPool::Lease ConnectionPool::lease() {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    const auto has_one = [&] { return !free_.empty() || num_unopened_ > 0; };
    if (!returned_.wait_for(lock, options_.lease_timeout, has_one)) {
      throw Error(ErrorCode::Unavailable, ErrorCategory::Catalog,
                  "every connection to the catalog is in use: " + options_.place);
    }
    if (free_.empty()) {
      --num_unopened_;
    } else {
      connection = std::move(free_.back());
      free_.pop_back();
    }
  }
  try {
    if (connection && !is_usable(*connection)) connection.reset();
    if (!connection) connection = options_.connect();
    return Lease(*this, std::move(connection));
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

bool ConnectionPool::is_usable(Connection& connection) const {
  if (options_.max_lifetime && connection.age() >= *options_.max_lifetime) return false;
  return connection.is_alive();
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
