#include "session_handle.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include <jammi/error.h>

namespace jammi::python {

SessionHandle::SessionHandle(std::unique_ptr<Session> session)
    : owner_(getpid()),
      // In a forked child the destructor would wait for threads that are not there: the child leaks its copy.
      session_(session.release(), [owner = owner_](Session* opened) {
        if (getpid() == owner) delete opened;
      }) {}

std::shared_ptr<Session> SessionHandle::session() const {
  // Before the lock, which another thread may have held at the moment of the fork.
  if (is_forked()) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::None,
                "Database was opened before a fork: connect again in the child process");
  }
  const std::lock_guard lock(mutex_);
  if (session_ == nullptr) throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, "Database is closed");
  return session_;
}

void SessionHandle::close() {
  if (is_forked()) return;
  std::shared_ptr<Session> closing;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  closing.swap(session_);
}

void SessionHandle::add_observer(nanobind::callable callable) {
  auto observer = std::make_shared<PythonObserver>(std::move(callable));
  session()->add_observer(observer);
  observers_.push_back(std::move(observer));
}

bool SessionHandle::remove_observer(const nanobind::object& callable) {
  const std::shared_ptr<Session> opened = session();
  const auto found = std::ranges::find_if(
      observers_, [&](const auto& observer) { return observer->callable().equal(callable); });
  if (found == observers_.end()) return false;
  const std::shared_ptr<PythonObserver> observer = *found;
  observers_.erase(found);
  opened->remove_observer(*observer);
  return true;
}

void SessionHandle::clear_observers() {
  const auto observers = std::exchange(observers_, {});
  if (is_closed()) return;
  for (const auto& observer : observers) session()->remove_observer(*observer);
}

bool SessionHandle::is_closed() const {
  if (is_forked()) return true;
  const std::lock_guard lock(mutex_);
  return session_ == nullptr;
}

bool SessionHandle::is_forked() const {
  return getpid() != owner_;
}

}  // namespace jammi::python
