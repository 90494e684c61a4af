#pragma once

#include <string>

#include <nanobind/nanobind.h>

#include "session_handle.h"

namespace jammi::python {

/// One dict per registered source: source_id, source_type, status, url, format and result_tables, a list of
/// dicts with table_name, source_id, model_id, dimensions, row_count and status.
nanobind::list list_sources(const SessionHandle& handle);

/// The dict of one source, with its tables and their columns as well; None when there is no such source.
nanobind::object describe_source(const SessionHandle& handle, const std::string& name);

}  // namespace jammi::python
