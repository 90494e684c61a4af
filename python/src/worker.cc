#include "worker.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace jammi::python {
namespace {

constexpr size_t kMaxIdleWorkers = 16;

/// Guarded by the GIL, which a fork holds, too. Never destroyed: at the exit of the process its threads still
/// wait for work.
struct IdleWorkers {
  const pid_t owner = getpid();
  std::vector<std::unique_ptr<Worker>> workers;
};

/// A forked child has none of its parent's threads and starts with an empty list; the parent's is leaked.
IdleWorkers& idle_workers() {
  static auto* idle = new IdleWorkers();
  if (idle->owner != getpid()) idle = new IdleWorkers();
  return *idle;
}

}  // namespace

struct Worker::Mailbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::move_only_function<void()> work;  // empty while there is none
  bool closed = false;

  /// The thread's life.
  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return work || closed; });
      if (!work) return;
      auto taken = std::exchange(work, nullptr);
      lock.unlock();
      taken();
      taken = nullptr;
      lock.lock();
    }
  }
};

Worker::Worker() : mailbox_(std::make_shared<Mailbox>()) {
  std::thread([mailbox = mailbox_] { mailbox->serve(); }).detach();
}

Worker::~Worker() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->closed = true;
  mailbox_->changed.notify_one();
}

void Worker::start(std::move_only_function<void()> work) {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->work = std::move(work);
  mailbox_->changed.notify_one();
}

void GiveBack::operator()(Worker* worker) const {
  std::unique_ptr<Worker> returned(worker);
  auto& idle = idle_workers().workers;
  if (idle.size() < kMaxIdleWorkers) idle.push_back(std::move(returned));
}

LentWorker lend_worker() {
  auto& idle = idle_workers().workers;
  if (idle.empty()) return LentWorker(new Worker());
  LentWorker worker(idle.back().release());
  idle.pop_back();
  return worker;
}

}  // namespace jammi::python
