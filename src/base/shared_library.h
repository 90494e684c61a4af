#pragma once

namespace jammi::base {

/// A shared library loaded on first use, so that a process pays only for what it runs. Never unloaded: what
/// it hands out may live until exit. Thread-safe.
class SharedLibrary {
 public:
  /// Loads `name`, such as "libcurl.so.4", from where the running program or extension module may have its
  /// libraries (its run path), else from the system. Throws Unsupported, saying what is missing.
  explicit SharedLibrary(const char* name);

  /// The function `symbol`, whose type the caller must know. Throws Unsupported when there is none.
  template <typename Function>
  Function* function(const char* symbol) const {
    return reinterpret_cast<Function*>(find(symbol));
  }

 private:
  void* find(const char* symbol) const;

  const char* name_;
  void* handle_;
};

}  // namespace jammi::base
