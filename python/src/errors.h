#pragma once

namespace jammi::python {

/// Makes a jammi::Error that leaves a bound function the Python exception of `error_traits`, with `what()` as
/// its text. Once per module.
void register_error_translator();

}  // namespace jammi::python
