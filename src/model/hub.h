#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace jammi::model {

/// How to reach the Hugging Face Hub and where to keep what it gives.
struct HubOptions {
  std::string endpoint;                   ///< without trailing slash
  std::filesystem::path cache_directory;  ///< standard layout: models--<org>--<name>/{refs,blobs,snapshots}
  std::string token;                      ///< empty: anonymous
  bool is_offline = false;
  std::string revision = "main";
  std::chrono::seconds timeout{60};  ///< of a connection without progress
};

/// Options from HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE, HF_TOKEN and the token file of HF_HOME,
/// with the hub's own defaults.
HubOptions hub_options_from_environment();

/// State of a download. Counters only grow.
struct HubProgress {
  std::string file;
  uint64_t bytes_done = 0;   ///< of all files
  uint64_t bytes_total = 0;  ///< of all files
};

/// Called on the downloading thread. Must not throw.
using HubProgressCallback = std::function<void(const HubProgress&)>;

/// The directory of `repository`'s files: a complete cached snapshot without touching the network, else
/// downloaded. Only files that inference reads are fetched: configuration, tokenizer and weights. Interrupted
/// downloads resume, every file is checked against its published size and digest, several processes may run
/// at once. Throws Model errors: InvalidArgument for a name that is no repository, NotFound for one that does
/// not exist, Unavailable when the hub cannot be reached or offline mode forbids it, DataCorruption for a
/// wrong digest, Cancelled on a stop request.
std::filesystem::path fetch_from_hub(const std::string& repository, const HubOptions& options,
                                     const HubProgressCallback& progress = {}, std::stop_token stop = {});

}  // namespace jammi::model
