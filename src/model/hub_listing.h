#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_files.h"

namespace jammi::model {

/// A file of a hub repository as the hub describes it.
struct HubFile {
  std::string name;         ///< path inside the repository
  std::string etag;         ///< names its contents in the cache; the SHA-256 of large files
  uint64_t size = 0;        ///< bytes
  bool has_sha256 = false;  ///< whether `etag` is the SHA-256 of the contents
};

/// The files of a repository that inference reads, at one commit.
struct HubListing {
  std::string commit;
  std::vector<HubFile> files;
};

/// Reads the hub's answer to `api/models/<repository>/revision/<revision>?blobs=true` and keeps what
/// inference reads: configuration, tokenizer, sentence-transformers settings and one set of weights of
/// `format`. Throws Model errors that name `where`: DataCorruption for an answer that is not such a
/// description, NotFound when it lists no configuration. `files` is empty when there are no such weights.
HubListing parse_hub_listing(std::string_view answer, WeightFormat format, const std::string& where);

}  // namespace jammi::model
