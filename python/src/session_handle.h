#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <nanobind/nanobind.h>
#include <sys/types.h>

#include <jammi/session.h>

#include "observer.h"

namespace jammi::python {

/// A session as Python holds it: closed at will while calls on other threads still run, and useless in a
/// forked child, which has none of the session's threads. Thread-safe.
class SessionHandle {
 public:
  explicit SessionHandle(std::unique_ptr<Session> session);

  /// The session, kept alive as long as the caller holds it. InvalidArgument "Database is closed" after
  /// `close`, Unsupported in a process forked after the session was opened.
  std::shared_ptr<Session> session() const;

  /// Gives the session up; it is destroyed when the last call on it has ended. May be called again.
  void close();

  bool is_closed() const;

  /// Shows the session's inferences to a Python callable. As `session` otherwise.
  void add_observer(nanobind::callable callable);

  /// Forgets one observer equal to `callable`; false when there is none. As `session` otherwise.
  bool remove_observer(const nanobind::object& callable);

  /// The callables, for the garbage collector: an observer may refer to the database that holds it.
  const std::vector<std::shared_ptr<PythonObserver>>& observers() const { return observers_; }

  /// Forgets every observer.
  void clear_observers();

 private:
  bool is_forked() const;

  const pid_t owner_;
  mutable std::mutex mutex_;  // guards session_
  std::shared_ptr<Session> session_;
  std::vector<std::shared_ptr<PythonObserver>> observers_;  // guarded by the GIL
};

}  // namespace jammi::python
