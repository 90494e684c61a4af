#include "config/load.h"

#include <fstream>
#include <iterator>
#include <thread>

#include <jammi/error.h>

#include "base/log.h"
#include "config/interpolate.h"
#include "config/overlay.h"

namespace jammi::config {
namespace {

namespace fs = std::filesystem;

/// A directory of the XDG base directory specification, which ignores relative values.
std::optional<fs::path> user_directory(const Environment& environment, const std::string& variable,
                                       const fs::path& below_home) {
  if (auto named = find_nonempty(environment, variable); named && fs::path(*named).is_absolute())
    return *named;
  if (auto home = find_nonempty(environment, "HOME")) return fs::path(*home) / below_home;
  return std::nullopt;
}

bool is_present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || fs::is_directory(path, ignored)) {
    throw Error(ErrorCode::Unavailable, ErrorCategory::Io,
                "cannot read the configuration file: " + path.string());
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Config defaults(const Environment& environment) {
  Config config;
  auto data_directory = user_directory(environment, "XDG_DATA_HOME", ".local/share");
  config.artifact_dir = data_directory ? *data_directory / "jammi" : fs::path(".jammi");
  unsigned processors = std::thread::hardware_concurrency();
  config.engine.execution_threads = processors == 0 ? 4 : processors;
  return config;
}

std::optional<fs::path> find_file(const std::optional<fs::path>& explicit_path,
                                  const Environment& environment, const fs::path& directory) {
  if (explicit_path) {
    if (is_present(*explicit_path)) return explicit_path;
    throw Error(ErrorCode::NotFound, ErrorCategory::Config,
                "no such configuration file: " + explicit_path->string());
  }
  if (auto named = find_nonempty(environment, "JAMMI_CONFIG")) {
    if (is_present(*named)) return *named;
    log::warn("JAMMI_CONFIG names a file that does not exist; it is passed over: " + *named);
  }
  if (fs::path local = directory / "jammi.toml"; is_present(local)) return local;
  if (auto user = user_directory(environment, "XDG_CONFIG_HOME", ".config")) {
    if (fs::path file = *user / "jammi" / "config.toml"; is_present(file)) return file;
  }
  return std::nullopt;
}

Config load(const std::optional<fs::path>& explicit_path, const Environment& environment,
            const fs::path& directory) {
  Config config = defaults(environment);
  if (auto file = find_file(explicit_path, environment, directory)) {
    try {
      apply_toml(interpolate(read_text(*file), environment), config);
    } catch (Error& error) {
      throw error.add_activity("reading " + file->string());
    }
  }
  apply_environment(environment, config);
  return config;
}

}  // namespace jammi::config

namespace jammi {

Config load_config(const std::optional<std::filesystem::path>& path) {
  return config::load(path, config::process_environment(), std::filesystem::current_path());
}

Config default_config() {
  return config::defaults(config::process_environment());
}

}  // namespace jammi
