#include "base/shared_library.h"

#include <string>

#include <dlfcn.h>

#include <jammi/error.h>

namespace jammi::base {
namespace {

Error missing(const std::string& what) {
  const char* reason = dlerror();
  return Error(ErrorCode::Unsupported, ErrorCategory::None,
               what + ": " + (reason == nullptr ? "unknown reason" : reason));
}

}  // namespace

SharedLibrary::SharedLibrary(const char* name) : name_(name), handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw missing("A library that this needs cannot be loaded");
}

void* SharedLibrary::find(const char* symbol) const {
  void* address = dlsym(handle_, symbol);
  if (address == nullptr) throw missing(std::string("A library lacks a function that this needs: ") + name_);
  return address;
}

}  // namespace jammi::base
