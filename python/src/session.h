#pragma once

#include <nanobind/nanobind.h>

namespace jammi::python {

/// Binds `_jammi.Session` and `_jammi.Progress`.
void bind_session(nanobind::module_& module);

}  // namespace jammi::python
