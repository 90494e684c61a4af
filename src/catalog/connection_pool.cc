#include "catalog/connection_pool.h"

#include <utility>

#include <jammi/error.h>

namespace jammi::catalog {

ConnectionPool::ConnectionPool(Options options) : options_(std::move(options)), num_unopened_(options_.size) {
  free_.reserve(options_.size);  // so that giving back never allocates
}

ConnectionPool::Lease ConnectionPool::lease() {
  std::unique_ptr<Connection> connection;
  bool is_stale = false;
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
      is_stale = connection->opened_at() < renewed_at_;
    }
  }
  try {
    if (connection && (is_stale || has_lived(*connection) || !connection->is_alive())) connection.reset();
    if (!connection) connection = options_.connect();
    return Lease(*this, std::move(connection));
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void ConnectionPool::renew() {
  std::lock_guard lock(mutex_);
  renewed_at_ = std::chrono::steady_clock::now();
}

bool ConnectionPool::has_lived(const Connection& connection) const {
  if (!options_.max_lifetime) return false;
  const auto age = std::chrono::steady_clock::now() - connection.opened_at();
  return std::chrono::floor<std::chrono::seconds>(age) >= *options_.max_lifetime;
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
