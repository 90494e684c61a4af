#pragma once

#include <functional>
#include <memory>

namespace jammi::python {

/// A thread that does one piece of work after another: starting one for every call would cost a call as much
/// as a small search. The thread ends some time after the worker is destroyed, which waits for nothing.
class Worker {
 public:
  Worker();
  ~Worker();

  /// Hands over work that must not throw. The work before it must have been done, or about to return.
  void start(std::move_only_function<void()> work);

 private:
  struct Mailbox;

  const std::shared_ptr<Mailbox> mailbox_;
};

/// Keeps a worker for the next call.
struct GiveBack {
  void operator()(Worker* worker) const;
};

/// A worker for the time of a call. Its holder must hold the GIL when it ends.
using LentWorker = std::unique_ptr<Worker, GiveBack>;

/// An idle worker of this process, or a new one. The caller must hold the GIL.
LentWorker lend_worker();

}  // namespace jammi::python
