#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace jammi {

/// Every setting of the engine with its default. Loaded by `load_config`; plain data otherwise.
/// docs/configuration.md describes each key.
struct Config {
  enum class Backend { Auto, Candle, Ort, Http };
  enum class Precision { Auto, F32, Bf16, F16, Int8 };
  enum class DistanceMetric { Cosine, L2 };
  enum class LogLevel { Trace, Debug, Info, Warn, Error };
  enum class LogFormat { Text, Json };
  enum class CatalogKind { Sqlite, Postgres };
  enum class BrokerKind { InMemory, JetStream };

  struct Engine {
    uint64_t execution_threads = 0;    ///< 0 until loaded; then at least 1 (default: CPU count)
    std::string memory_limit = "75%";  ///< percent of physical memory, or bytes ("4GB")
    uint64_t batch_size = 8192;        ///< rows per record batch
  };
  struct Gpu {
    int64_t device = 0;        ///< -1: CPU only
    bool require_gpu = false;  ///< device 0 does not give way to the CPU
    std::string memory_limit = "auto";
    double memory_fraction = 0.9;
  };
  struct InferenceHttp {
    uint64_t timeout_secs = 60;
    std::map<std::string, std::string> headers;
  };
  struct Inference {
    Backend default_backend = Backend::Auto;
    Precision precision = Precision::Auto;
    uint64_t batch_size = 32;  ///< rows per output batch
    uint64_t batch_timeout_secs = 300;
    uint64_t max_loaded_models = 0;  ///< 0: unlimited
    InferenceHttp http;
  };
  struct Embedding {
    DistanceMetric default_distance_metric = DistanceMetric::Cosine;
    std::string default_index_type = "ivf_hnsw_sq";
    uint64_t checkpoint_interval = 1000;
  };
  struct FineTuning {
    uint64_t default_lora_rank = 8;
    double default_learning_rate = 0.0002;
    uint64_t default_epochs = 3;
    uint64_t default_batch_size = 8;
    double checkpoint_fraction = 0.1;
  };
  struct Cache {
    bool ann_cache_enabled = true;
    uint64_t ann_cache_max_entries = 10000;
    bool embedding_cache_enabled = true;
    std::string embedding_cache_size = "1GB";
  };
  struct Server {
    std::string health_listen = "0.0.0.0:8080";
    std::string flight_listen = "0.0.0.0:8081";
    std::vector<std::string> preload_models;
  };
  struct Logging {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
  };
  struct Catalog {
    CatalogKind kind = CatalogKind::Sqlite;
    std::optional<std::filesystem::path> path;  ///< sqlite; default {artifact_dir}/catalog.db
    std::string url;                            ///< postgres
    uint64_t pool_size = 8;
    std::optional<uint64_t> max_lifetime_secs;
  };
  struct Broker {
    BrokerKind kind = BrokerKind::InMemory;
    std::string url;
    uint64_t retention_seconds = 604800;
    std::optional<std::filesystem::path> credentials_path;
  };

  std::filesystem::path artifact_dir;  ///< holds catalog.db, jammi_db/ and models/
  Engine engine;
  Gpu gpu;
  Inference inference;
  Embedding embedding;
  FineTuning fine_tuning;
  Cache cache;
  Server server;
  Logging logging;
  Catalog catalog;
  Broker broker;
  std::map<std::string, std::string> sources;  ///< URLs of databases by the ids of their sources
};

/// Loads the configuration: defaults, then the file, then `JAMMI_<SECTION>__<FIELD>` variables.
/// Without `path` the file is the first of $JAMMI_CONFIG, ./jammi.toml, ~/.config/jammi/config.toml that
/// exists. Throws Config or Toml errors that name the key, or NotFound when an explicit `path` is missing.
Config load_config(const std::optional<std::filesystem::path>& path = std::nullopt);

/// Built-in defaults with `artifact_dir`, `execution_threads` filled in; reads no file and no override.
Config default_config();

/// Bytes of a size such as "75%" (of `total_bytes`), "512MB", "1GB" or "1048576"; powers of 1024.
/// Throws InvalidArgument naming `key` otherwise.
uint64_t parse_byte_size(const std::string& text, uint64_t total_bytes, const std::string& key);

}  // namespace jammi
