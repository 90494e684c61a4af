#include "errors.h"

#include <cstring>

#include <nanobind/nanobind.h>

#include <jammi/error.h>

namespace nb = nanobind;

namespace jammi::python {
namespace {

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    const nb::object exception =
        nb::module_::import_("builtins").attr(error_traits(error.code()).python_exception.data());
    // A message quotes what users wrote, which need not be UTF-8.
    const nb::object message = nb::steal(
        PyUnicode_DecodeUTF8(error.what(), static_cast<Py_ssize_t>(std::strlen(error.what())), "replace"));
    PyErr_SetObject(exception.ptr(), message.ptr());
  }
}

}  // namespace

void register_error_translator() {
  nb::register_exception_translator(translate);
}

}  // namespace jammi::python
