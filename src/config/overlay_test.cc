#include "config/overlay.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "config/keys.h"

namespace jammi::config {
namespace {

Config from_toml(std::string_view text) {
  Config config;
  apply_toml(text, config);
  return config;
}

Config from_variables(const Environment& environment) {
  Config config;
  apply_environment(environment, config);
  return config;
}

/// What the call writes to the log.
template <typename Call>
std::string logged_by(Call call) {
  ::testing::internal::CaptureStderr();
  call();
  return ::testing::internal::GetCapturedStderr();
}

TEST(TomlOverlay, reads_every_kind_of_value) {
  Config config = from_toml(R"(
artifact_dir = "/data/jammi"
[engine]
execution_threads = 3
memory_limit = "4GB"
[gpu]
device = -1
memory_fraction = 0.5
[inference]
default_backend = "ort"
precision = "bf16"
[inference.http]
timeout_secs = 5
[inference.http.headers]
Authorization = "Bearer x"
[cache]
ann_cache_enabled = false
[server]
preload_models = ["a", "b"]
[logging]
level = "debug"
[catalog]
kind = "postgres"
url = "postgres://host/db"
max_lifetime_secs = 1800
[broker]
kind = "jet_stream"
credentials_path = "/run/nats.creds"
[sources]
shop = "postgresql://host/shop"
)");
  EXPECT_EQ(config.artifact_dir, "/data/jammi");
  EXPECT_EQ(config.engine.execution_threads, 3u);
  EXPECT_EQ(config.engine.memory_limit, "4GB");
  EXPECT_EQ(config.gpu.device, -1);
  EXPECT_EQ(config.gpu.memory_fraction, 0.5);
  EXPECT_EQ(config.inference.default_backend, Config::Backend::Ort);
  EXPECT_EQ(config.inference.precision, Config::Precision::Bf16);
  EXPECT_EQ(config.inference.http.timeout_secs, 5u);
  EXPECT_EQ(config.inference.http.headers.at("Authorization"), "Bearer x");
  EXPECT_FALSE(config.cache.ann_cache_enabled);
  EXPECT_EQ(config.server.preload_models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.logging.level, Config::LogLevel::Debug);
  EXPECT_EQ(config.catalog.kind, Config::CatalogKind::Postgres);
  EXPECT_EQ(config.catalog.url, "postgres://host/db");
  EXPECT_EQ(config.catalog.max_lifetime_secs, 1800u);
  EXPECT_EQ(config.sources.at("shop"), "postgresql://host/shop");
  EXPECT_EQ(config.broker.kind, Config::BrokerKind::JetStream);
  EXPECT_EQ(config.broker.credentials_path, "/run/nats.creds");
}

TEST(TomlOverlay, a_value_of_another_type_is_a_parse_error_that_names_the_key) {
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "TOML parse error: engine.batch_size must be a whole number of at least 1: many",
               from_toml("engine.batch_size = 'many'"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "TOML parse error: engine must be a table",
               from_toml("engine = 3"));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "TOML parse error: server.preload_models must be a list of strings",
               from_toml("server.preload_models = [1]"));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "TOML parse error: inference.http.headers must be a table of strings",
               from_toml("inference.http.headers = 'x'"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "TOML parse error: artifact_dir must be a string",
               from_toml("artifact_dir = 1979-05-27"));
}

TEST(TomlOverlay, values_out_of_range_are_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "engine.execution_threads must be a whole number of at least 1: 0",
               from_toml("engine.execution_threads = 0"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "engine.batch_size must be a whole number of at least 1: -1",
               from_toml("engine.batch_size = -1"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "gpu.device must be a whole number of at least -1: -2",
               from_toml("gpu.device = -2"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "gpu.memory_fraction must be a number above 0 and at most 1: 1.5",
               from_toml("gpu.memory_fraction = 1.5"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "engine.memory_limit must be a percentage",
               from_toml("engine.memory_limit = 'auto'"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "inference.precision must be one of auto f32 bf16 f16 int8: f64",
               from_toml("inference.precision = 'f64'"));
}

TEST(TomlOverlay, a_syntax_error_tells_its_place) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "at line 2, column", from_toml("a = 1\nb ="));
}

TEST(TomlOverlay, unknown_keys_and_sections_are_logged_and_ignored) {
  std::string log = logged_by([] { from_toml("colour = 1\n[engine]\nbatchsize = 1\n[shop]\nopen = true"); });
  for (const char* name : {"colour", "engine.batchsize", "shop"}) {
    EXPECT_NE(log.find(std::string("unknown configuration key is ignored: ") + name), std::string::npos)
        << log;
  }
}

TEST(TomlOverlay, a_value_without_effect_says_so_unless_it_is_the_default) {
  EXPECT_NE(logged_by([] {
              from_toml("broker.kind = 'jet_stream'");
            }).find("broker.kind has no effect in this version; it is reserved for topics"),
            std::string::npos);
  EXPECT_EQ(logged_by([] { from_toml("broker.kind = 'in_memory'\nengine.batch_size = 7"); }), "");
}

/// A value that the setting accepts and that differs from its default, as a variable spells it.
struct OtherValue {
  std::string operator()(const WholeNumber&) const { return "77"; }
  std::string operator()(const OptionalWholeNumber&) const { return "77"; }
  std::string operator()(const Integer&) const { return "77"; }
  std::string operator()(const Fraction&) const { return "0.125"; }
  std::string operator()(const Flag&) const { return "false"; }
  std::string operator()(const Text&) const { return "other"; }
  std::string operator()(const Path&) const { return "/other"; }
  std::string operator()(const OptionalPath&) const { return "/other"; }
  std::string operator()(const ByteSize&) const { return "3MB"; }
  std::string operator()(const Word& setting) const { return std::string(setting.words.back()); }
  std::string operator()(const TextList&) const { return "first, second"; }
  std::string operator()(const Headers&) const { return "secret"; }
  std::string operator()(const Urls&) const { return "mysql://host/db"; }
};

/// Whether the key's place holds what `OtherValue` spells.
struct HoldsOtherValue {
  Config& config;

  bool operator()(const WholeNumber& setting) const { return setting.at(config) == 77; }
  bool operator()(const OptionalWholeNumber& setting) const { return setting.at(config) == 77; }
  bool operator()(const Integer& setting) const { return setting.at(config) == 77; }
  bool operator()(const Fraction& setting) const { return setting.at(config) == 0.125; }
  bool operator()(const Flag& setting) const { return !setting.at(config); }
  bool operator()(const Text& setting) const { return setting.at(config) == "other"; }
  bool operator()(const Path& setting) const { return setting.at(config) == "/other"; }
  bool operator()(const OptionalPath& setting) const { return setting.at(config) == "/other"; }
  bool operator()(const ByteSize& setting) const { return setting.at(config) == "3MB"; }
  bool operator()(const Word& setting) const { return setting.get(config) == setting.words.size() - 1; }
  bool operator()(const TextList& setting) const {
    return setting.at(config) == std::vector<std::string>{"first", "second"};
  }
  bool operator()(const Headers& setting) const {
    return setting.at(config) == std::map<std::string, std::string>{{"X-API-KEY", "secret"}};
  }
  bool operator()(const Urls& setting) const {
    return setting.at(config) == std::map<std::string, std::string>{{"x_api_key", "mysql://host/db"}};
  }
};

TEST(EnvironmentOverlay, every_key_has_a_variable) {
  for (const Key& key : keys()) {
    bool is_table = std::holds_alternative<Headers>(key.setting) || std::holds_alternative<Urls>(key.setting);
    Config config = from_variables(
        {{variable_name(key) + (is_table ? "__X_API_KEY" : ""), std::visit(OtherValue(), key.setting)}});
    EXPECT_TRUE(std::visit(HoldsOtherValue{config}, key.setting)) << key.name;
  }
}

TEST(EnvironmentOverlay, variables_are_named_by_section_and_field) {
  EXPECT_EQ(from_variables({{"JAMMI_ENGINE__BATCH_SIZE", "100"}}).engine.batch_size, 100u);
  EXPECT_EQ(from_variables({{"JAMMI_INFERENCE__HTTP__TIMEOUT_SECS", "9"}}).inference.http.timeout_secs, 9u);
  EXPECT_EQ(from_variables({{"JAMMI_ARTIFACT_DIR", "/a"}}).artifact_dir, "/a");
}

TEST(EnvironmentOverlay, values_that_do_not_parse_name_the_variable) {
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Configuration error: JAMMI_ENGINE__BATCH_SIZE must be a whole number of at least 1: 12x",
               from_variables({{"JAMMI_ENGINE__BATCH_SIZE", "12x"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Configuration error: JAMMI_LOGGING__LEVEL must be one of trace debug info warn error: loud",
               from_variables({{"JAMMI_LOGGING__LEVEL", "loud"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "Configuration error: JAMMI_CACHE__ANN_CACHE_ENABLED must be true or false: yes",
               from_variables({{"JAMMI_CACHE__ANN_CACHE_ENABLED", "yes"}}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Configuration error: JAMMI_CACHE__EMBEDDING_CACHE_SIZE must be",
               from_variables({{"JAMMI_CACHE__EMBEDDING_CACHE_SIZE", "big"}}));
}

TEST(EnvironmentOverlay, a_header_replaces_the_same_header_in_other_case) {
  Config config;
  config.inference.http.headers = {{"Authorization", "old"}, {"Accept", "text/plain"}};
  apply_environment({{"JAMMI_INFERENCE__HTTP__HEADERS__AUTHORIZATION", "new"}}, config);
  EXPECT_EQ(config.inference.http.headers,
            (std::map<std::string, std::string>{{"AUTHORIZATION", "new"}, {"Accept", "text/plain"}}));
}

TEST(EnvironmentOverlay, an_empty_variable_counts_as_unset) {
  EXPECT_EQ(from_variables({{"JAMMI_ENGINE__BATCH_SIZE", ""}}).engine.batch_size, Config().engine.batch_size);
}

TEST(EnvironmentOverlay, a_misspelt_variable_is_logged) {
  EXPECT_NE(logged_by([] {
              from_variables({{"JAMMI_ENGINE__BATCHSIZE", "1"}});
            }).find("unknown configuration variable is ignored: JAMMI_ENGINE__BATCHSIZE"),
            std::string::npos);
  EXPECT_EQ(logged_by([] { from_variables({{"JAMMI_CONFIG", "x"}, {"PATH", "/bin"}}); }), "");
}

}  // namespace
}  // namespace jammi::config
