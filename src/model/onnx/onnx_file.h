#pragma once

#include <filesystem>
#include <vector>

namespace jammi::model {

/// The files that hold tensors of an ONNX file outside it, each once, as paths beside it. Reads the file's
/// structure, not its tensors. Throws Model DataCorruption naming the file when it is no ONNX file, when a
/// path leaves the file's folder, and when there is no such file: ONNX Runtime would read whatever is named.
std::vector<std::filesystem::path> external_data_files(const std::filesystem::path& onnx_file);

}  // namespace jammi::model
