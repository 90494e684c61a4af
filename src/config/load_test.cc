#include "config/load.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::config {
namespace {

class ConfigFiles : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::filesystem::path path = directory_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  /// A process whose home is the test's directory and which stands in its folder "work".
  Config load_with(Environment environment, const std::optional<std::filesystem::path>& path = std::nullopt) {
    environment.emplace("HOME", directory_.path().string());
    return load(path, environment, directory_.path() / "work");
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(ConfigFiles, defaults_apply_without_any_file) {
  Config config = load_with({});
  EXPECT_EQ(config.artifact_dir, directory_.path() / ".local/share/jammi");
  EXPECT_GE(config.engine.execution_threads, 1u);
  EXPECT_EQ(config.engine.batch_size, 8192u);
}

TEST_F(ConfigFiles, the_data_directory_follows_xdg_and_falls_back_to_a_local_one) {
  EXPECT_EQ(load_with({{"XDG_DATA_HOME", "/data"}}).artifact_dir, "/data/jammi");
  EXPECT_EQ(defaults({{"XDG_DATA_HOME", "relative"}}).artifact_dir, ".jammi");
  EXPECT_EQ(defaults({}).artifact_dir, ".jammi");
}

TEST_F(ConfigFiles, the_first_existing_candidate_is_read) {
  write(".config/jammi/config.toml", "engine.batch_size = 1");
  EXPECT_EQ(load_with({}).engine.batch_size, 1u);
  write("work/jammi.toml", "engine.batch_size = 2");
  EXPECT_EQ(load_with({}).engine.batch_size, 2u);
  auto named = write("named.toml", "engine.batch_size = 3");
  EXPECT_EQ(load_with({{"JAMMI_CONFIG", named.string()}}).engine.batch_size, 3u);
  auto given = write("given.toml", "engine.batch_size = 4");
  EXPECT_EQ(load_with({{"JAMMI_CONFIG", named.string()}}, given).engine.batch_size, 4u);
}

TEST_F(ConfigFiles, variables_win_over_the_file) {
  auto file = write("a.toml", "engine.batch_size = 4\nengine.memory_limit = '1GB'");
  Config config = load_with({{"JAMMI_ENGINE__BATCH_SIZE", "5"}}, file);
  EXPECT_EQ(config.engine.batch_size, 5u);
  EXPECT_EQ(config.engine.memory_limit, "1GB");
}

TEST_F(ConfigFiles, an_explicit_file_must_exist) {
  EXPECT_ERROR(ErrorCode::NotFound, "Configuration error: no such configuration file: /nowhere/jammi.toml",
               load_with({}, "/nowhere/jammi.toml"));
}

TEST_F(ConfigFiles, a_missing_file_of_the_environment_is_logged_and_passed_over) {
  write("work/jammi.toml", "engine.batch_size = 2");
  ::testing::internal::CaptureStderr();
  Config config = load_with({{"JAMMI_CONFIG", "/nowhere.toml"}});
  std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(config.engine.batch_size, 2u);
  EXPECT_NE(log.find("/nowhere.toml"), std::string::npos) << log;
}

TEST_F(ConfigFiles, references_are_replaced_before_parsing) {
  auto file = write("a.toml", "artifact_dir = \"${HOME}/data\"\nengine.batch_size = ${SIZE}");
  Config config = load_with({{"SIZE", "12"}}, file);
  EXPECT_EQ(config.artifact_dir, directory_.path() / "data");
  EXPECT_EQ(config.engine.batch_size, 12u);
}

TEST_F(ConfigFiles, errors_name_the_file) {
  auto file = write("a.toml", "engine.batch_size = 0");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "(reading " + file.string() + ")", load_with({}, file));
  EXPECT_ERROR(ErrorCode::Unavailable, "IO error: cannot read the configuration file",
               load_with({}, directory_.path()));
}

}  // namespace
}  // namespace jammi::config
