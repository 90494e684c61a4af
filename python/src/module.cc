// The compiled half of the Python package jammi_ai. Users see the Python half, which checks arguments,
// documents and draws; the classes here take exact types only.
#include <nanobind/nanobind.h>

#include "arrow_table.h"
#include "errors.h"
#include "mutable_tables.h"
#include "observer.h"
#include "search.h"
#include "session.h"

NB_MODULE(_jammi, module) {
  module.doc() = "The engine of jammi_ai.";
  module.attr("__version__") = JAMMI_VERSION;
  jammi::python::register_error_translator();
  jammi::python::bind_arrow_table(module);
  jammi::python::bind_observer(module);
  jammi::python::bind_search(module);
  jammi::python::bind_session(module);
  jammi::python::bind_transaction(module);
}
