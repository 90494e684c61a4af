#include "config/keys.h"

#include <array>
#include <cctype>
#include <type_traits>

#include "base/log.h"

namespace jammi::config {
namespace {

constexpr std::array<std::string_view, 4> kBackends{"auto", "candle", "ort", "http"};
constexpr std::array<std::string_view, 5> kPrecisions{"auto", "f32", "bf16", "f16", "int8"};
constexpr std::array<std::string_view, 2> kDistanceMetrics{"cosine", "l2"};
constexpr std::array<std::string_view, 1> kIndexTypes{"ivf_hnsw_sq"};
constexpr std::array<std::string_view, 5> kLogLevels{"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 2> kCatalogKinds{"sqlite", "postgres"};
constexpr std::array<std::string_view, 2> kBrokerKinds{"in_memory", "jet_stream"};

constexpr std::string_view kMetrics = "metrics other than cosine";
constexpr std::string_view kResume = "resumable embedding jobs";
constexpr std::string_view kServer = "the server";
constexpr std::string_view kTraining = "fine-tuning";
constexpr std::string_view kTopics = "topics";

/// The place that a chain of members names, as in `at<&Config::engine, &Config::Engine::batch_size>`.
template <auto... Members>
auto& at(Config& config) {
  return (config.*....*Members);
}

/// An enum field whose enumerators stand in the order of `Words`.
template <const auto& Words, auto Section, auto Field>
constexpr Word word() {
  return Word{Words, [](const Config& config) { return static_cast<size_t>(config.*Section.*Field); },
              [](Config& config, size_t position) {
                auto& field = config.*Section.*Field;
                field = static_cast<std::remove_reference_t<decltype(field)>>(position);
              }};
}

bool has_default_value(const Setting& setting, Config config) {
  Config defaults;
  return std::visit(
      [&](const auto& place) {
        if constexpr (requires { place.at; }) {
          return place.at(config) == place.at(defaults);
        } else {
          return place.get(config) == place.get(defaults);
        }
      },
      setting);
}

}  // namespace

std::span<const Key> keys() {
  static const std::array kKeys = {
      Key{"artifact_dir", Path{at<&Config::artifact_dir>}, ""},
      Key{"engine.execution_threads", WholeNumber{at<&Config::engine, &Config::Engine::execution_threads>, 1},
          ""},
      Key{"engine.memory_limit", ByteSize{at<&Config::engine, &Config::Engine::memory_limit>}, ""},
      Key{"engine.batch_size", WholeNumber{at<&Config::engine, &Config::Engine::batch_size>, 1}, ""},
      Key{"gpu.device", Integer{at<&Config::gpu, &Config::Gpu::device>, -1}, ""},
      Key{"gpu.require_gpu", Flag{at<&Config::gpu, &Config::Gpu::require_gpu>}, ""},
      Key{"gpu.memory_limit", ByteSize{at<&Config::gpu, &Config::Gpu::memory_limit>, true}, ""},
      Key{"gpu.memory_fraction", Fraction{at<&Config::gpu, &Config::Gpu::memory_fraction>}, ""},
      Key{"inference.default_backend",
          word<kBackends, &Config::inference, &Config::Inference::default_backend>(), ""},
      Key{"inference.precision", word<kPrecisions, &Config::inference, &Config::Inference::precision>(), ""},
      Key{"inference.batch_size", WholeNumber{at<&Config::inference, &Config::Inference::batch_size>, 1}, ""},
      Key{"inference.batch_timeout_secs",
          WholeNumber{at<&Config::inference, &Config::Inference::batch_timeout_secs>}, kServer},
      Key{"inference.max_loaded_models",
          WholeNumber{at<&Config::inference, &Config::Inference::max_loaded_models>}, ""},
      Key{"inference.http.timeout_secs",
          WholeNumber{at<&Config::inference, &Config::Inference::http, &Config::InferenceHttp::timeout_secs>,
                      1},
          ""},
      Key{"inference.http.headers",
          Headers{at<&Config::inference, &Config::Inference::http, &Config::InferenceHttp::headers>}, ""},
      Key{"embedding.default_distance_metric",
          word<kDistanceMetrics, &Config::embedding, &Config::Embedding::default_distance_metric>(),
          kMetrics},
      Key{"embedding.default_index_type",
          Word{kIndexTypes, [](const Config&) { return size_t(0); },
               [](Config& c, size_t i) { c.embedding.default_index_type = kIndexTypes[i]; }},
          ""},
      Key{"embedding.checkpoint_interval",
          WholeNumber{at<&Config::embedding, &Config::Embedding::checkpoint_interval>, 1}, kResume},
      Key{"fine_tuning.default_lora_rank",
          WholeNumber{at<&Config::fine_tuning, &Config::FineTuning::default_lora_rank>, 1}, kTraining},
      Key{"fine_tuning.default_learning_rate",
          Fraction{at<&Config::fine_tuning, &Config::FineTuning::default_learning_rate>}, kTraining},
      Key{"fine_tuning.default_epochs",
          WholeNumber{at<&Config::fine_tuning, &Config::FineTuning::default_epochs>, 1}, kTraining},
      Key{"fine_tuning.default_batch_size",
          WholeNumber{at<&Config::fine_tuning, &Config::FineTuning::default_batch_size>, 1}, kTraining},
      Key{"fine_tuning.checkpoint_fraction",
          Fraction{at<&Config::fine_tuning, &Config::FineTuning::checkpoint_fraction>}, kTraining},
      Key{"cache.ann_cache_enabled", Flag{at<&Config::cache, &Config::Cache::ann_cache_enabled>}, ""},
      Key{"cache.ann_cache_max_entries",
          WholeNumber{at<&Config::cache, &Config::Cache::ann_cache_max_entries>}, ""},
      Key{"cache.embedding_cache_enabled", Flag{at<&Config::cache, &Config::Cache::embedding_cache_enabled>},
          ""},
      Key{"cache.embedding_cache_size", ByteSize{at<&Config::cache, &Config::Cache::embedding_cache_size>},
          ""},
      Key{"server.health_listen", Text{at<&Config::server, &Config::Server::health_listen>}, kServer},
      Key{"server.flight_listen", Text{at<&Config::server, &Config::Server::flight_listen>}, kServer},
      Key{"server.preload_models", TextList{at<&Config::server, &Config::Server::preload_models>}, ""},
      Key{"logging.level", word<kLogLevels, &Config::logging, &Config::Logging::level>(), ""},
      Key{"logging.format", word<kLogFormats, &Config::logging, &Config::Logging::format>(), ""},
      Key{"catalog.kind", word<kCatalogKinds, &Config::catalog, &Config::Catalog::kind>(), ""},
      Key{"catalog.path", OptionalPath{at<&Config::catalog, &Config::Catalog::path>}, ""},
      Key{"catalog.url", Text{at<&Config::catalog, &Config::Catalog::url>}, ""},
      Key{"catalog.pool_size", WholeNumber{at<&Config::catalog, &Config::Catalog::pool_size>, 1}, ""},
      Key{"catalog.max_lifetime_secs",
          OptionalWholeNumber{at<&Config::catalog, &Config::Catalog::max_lifetime_secs>}, ""},
      Key{"broker.kind", word<kBrokerKinds, &Config::broker, &Config::Broker::kind>(), kTopics},
      Key{"broker.url", Text{at<&Config::broker, &Config::Broker::url>}, kTopics},
      Key{"broker.retention_seconds", WholeNumber{at<&Config::broker, &Config::Broker::retention_seconds>, 1},
          kTopics},
      Key{"broker.credentials_path", OptionalPath{at<&Config::broker, &Config::Broker::credentials_path>},
          kTopics},
      Key{"sources", Urls{at<&Config::sources>}, ""},
  };
  return kKeys;
}

std::string variable_name(const Key& key) {
  std::string name = "JAMMI_";
  for (char c : key.name) {
    if (c == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

void warn_if_reserved(const Key& key, std::string_view setter, const Config& config) {
  if (key.reserved_for.empty() || has_default_value(key.setting, config)) return;
  log::warn(std::string(setter) + " has no effect in this version; it is reserved for " +
            std::string(key.reserved_for));
}

}  // namespace jammi::config
