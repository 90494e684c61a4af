#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "io/http_client.h"
#include "model/model_files.h"

namespace jammi::model {

/// How to reach the Hugging Face Hub and where to keep what it gives.
struct HubOptions {
  std::string endpoint;                   ///< without trailing slash
  std::filesystem::path cache_directory;  ///< shared with Hugging Face's own tools; see hub_cache.h
  std::string token;                      ///< empty: anonymous
  bool is_offline = false;
  std::string revision = "main";  ///< branch, tag or commit
  WeightFormat weights = WeightFormat::Any;
  io::HttpOptions http;
};

/// Options from HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE, HF_TOKEN and the token file in HF_HOME,
/// with the defaults of Hugging Face's own tools.
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
/// downloaded. Only files that inference reads are fetched: configuration, tokenizer and weights of the
/// format that the options name, of which there may be both in the directory of an earlier fetch. Interrupted
/// downloads resume, every file is checked against its published size and weights against their digest, and
/// several processes may run at once. When the hub cannot be reached, cached files that suffice for inference
/// are used. Throws Model errors that name the repository: InvalidArgument for a name that is no repository
/// or one that needs a token, NotFound for one that does not exist or has no usable files, Unavailable when
/// the hub cannot be reached or offline mode forbids it, DataCorruption for a file that is not the published
/// one, Cancelled on a stop request.
std::filesystem::path fetch_from_hub(const std::string& repository, const HubOptions& options,
                                     const HubProgressCallback& progress = {}, std::stop_token stop = {});

}  // namespace jammi::model
