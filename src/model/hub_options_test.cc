#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/hub.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;

/// Sets the variables that the hub reads, the others of them unset, and restores all when destroyed.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& values) {
    for (const char* name :
         {"HF_ENDPOINT", "HF_HUB_CACHE", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN", "XDG_CACHE_HOME"}) {
      const char* value = std::getenv(name);
      saved_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
    for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : saved_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> saved_;
};

TEST(HubOptions, defaults_are_those_of_the_hub_s_own_tools) {
  Environment environment({{"XDG_CACHE_HOME", "/cache"}});
  HubOptions options = hub_options_from_environment();
  EXPECT_EQ(options.endpoint, "https://huggingface.co");
  EXPECT_EQ(options.cache_directory, "/cache/huggingface/hub");
  EXPECT_EQ(options.token, "");
  EXPECT_FALSE(options.is_offline);
}

TEST(HubOptions, variables_override_the_defaults) {
  Environment environment({{"HF_ENDPOINT", "http://mirror/"},
                           {"HF_HUB_CACHE", "/elsewhere"},
                           {"HF_HUB_OFFLINE", "True"},
                           {"HF_TOKEN", "secret"}});
  HubOptions options = hub_options_from_environment();
  EXPECT_EQ(options.endpoint, "http://mirror");
  EXPECT_EQ(options.cache_directory, "/elsewhere");
  EXPECT_EQ(options.token, "secret");
  EXPECT_TRUE(options.is_offline);
}

TEST(HubOptions, the_token_file_is_read) {
  TemporaryDirectory directory;
  testing::write_file(directory.path() / "token", "from-file\n");
  Environment environment({{"HF_HOME", directory.path().string()}, {"HF_HUB_OFFLINE", "0"}});
  HubOptions options = hub_options_from_environment();
  EXPECT_EQ(options.token, "from-file");
  EXPECT_EQ(options.cache_directory, directory.path() / "hub");
  EXPECT_FALSE(options.is_offline);
}

}  // namespace
}  // namespace jammi::model
