#include "base/memory_budget.h"

namespace jammi::base {
namespace {

/// Lets go of a lock for as long as it lives.
class Unlocked {
 public:
  explicit Unlocked(std::unique_lock<std::mutex>& lock) : lock_(lock) { lock_.unlock(); }
  ~Unlocked() { lock_.lock(); }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace

MemoryPermit::MemoryPermit(MemoryPermit&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryPermit& MemoryPermit::operator=(MemoryPermit&& other) noexcept {
  MemoryPermit taken(std::move(other));
  std::swap(budget_, taken.budget_);
  std::swap(bytes_, taken.bytes_);
  return *this;
}

MemoryPermit::~MemoryPermit() {
  shrink_to(0);
}

void MemoryPermit::shrink_to(uint64_t bytes) noexcept {
  if (bytes >= bytes_) return;
  budget_->give_back(bytes_ - bytes);
  bytes_ = bytes;
}

void MemoryPermit::merge(MemoryPermit other) noexcept {
  if (budget_ == nullptr) budget_ = other.budget_;
  bytes_ += std::exchange(other.bytes_, 0);
}

/// A request's place in the line, which it leaves whatever happens. Lives and dies under the budget's lock.
class MemoryBudget::Place {
 public:
  Place(MemoryBudget& budget, MemoryPriority priority)
      : budget_(budget), turn_(budget.line_.emplace(priority, budget.num_requests_++).first) {}
  ~Place() {
    budget_.line_.erase(turn_);
    budget_.note_change();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool is_first() const { return turn_ == budget_.line_.begin(); }

 private:
  MemoryBudget& budget_;
  const std::set<Turn>::iterator turn_;
};

std::optional<MemoryPermit> MemoryBudget::try_acquire(uint64_t bytes) {
  if (bytes == 0) return MemoryPermit();
  std::lock_guard lock(mutex_);
  if (!line_.empty() || !fits(bytes)) return std::nullopt;
  return claim(bytes);
}

std::optional<MemoryPermit> MemoryBudget::acquire(const MemoryRequest& request, std::stop_token stop,
                                                  const Reclaim& reclaim) {
  if (request.bytes == 0) return MemoryPermit();
  if (request.bytes > capacity_bytes_) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + request.patience;
  std::unique_lock lock(mutex_);
  const Place place(*this, request.priority);
  while (true) {
    // A change that comes while `reclaim` runs must not be waited for.
    const uint64_t seen = num_changes_;
    if (place.is_first()) {
      if (fits(request.bytes)) return claim(request.bytes);
      if (reclaim) {
        const Unlocked unlocked(lock);
        if (reclaim()) continue;
      }
    }
    if (!changed_.wait_until(lock, stop, deadline, [&] { return num_changes_ != seen; })) return std::nullopt;
  }
}

void MemoryBudget::announce_reclaimable() {
  std::lock_guard lock(mutex_);
  note_change();
}

uint64_t MemoryBudget::claimed_bytes() const {
  std::lock_guard lock(mutex_);
  return claimed_bytes_;
}

size_t MemoryBudget::num_waiting() const {
  std::lock_guard lock(mutex_);
  return line_.size();
}

MemoryPermit MemoryBudget::claim(uint64_t bytes) {
  claimed_bytes_ += bytes;
  return {*this, bytes};
}

void MemoryBudget::give_back(uint64_t bytes) noexcept {
  std::lock_guard lock(mutex_);
  claimed_bytes_ -= bytes;
  note_change();
}

void MemoryBudget::note_change() {
  ++num_changes_;
  changed_.notify_all();
}

}  // namespace jammi::base
