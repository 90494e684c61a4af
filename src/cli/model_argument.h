#pragma once

#include <string>

#include <jammi/records.h>

namespace jammi::cli {

/// A model as typed, in the engine's spelling: "local:DIR", and anything that can only be a path (it begins
/// with '/', './' or '../'), becomes "local:" with an absolute path, so that it means the same from every
/// directory; hub repositories stay.
std::string model_argument(const std::string& typed);

/// The engine's spelling of the model that made a table.
std::string model_of(const ResultTableRecord& table);

}  // namespace jammi::cli
