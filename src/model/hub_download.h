#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "io/http_client.h"
#include "model/hub_listing.h"

namespace jammi::model {

/// Called with the number of new bytes, negative when bytes are discarded.
using ByteCounter = std::function<void(int64_t bytes)>;

/// Turns a response other than 2xx into the error to throw.
using ResponseRefusal = std::function<void(const io::HttpResponse& response)>;

/// Brings `partial` to the published contents of `file`, continuing where an earlier attempt stopped, and
/// makes it durable. The caller holds the blob's lock. Bytes that were there already are counted as well. A
/// wrong digest after continuing discards everything once and starts anew. Throws Model DataCorruption for
/// contents that are not the published ones (and deletes them), Io errors otherwise; what has been received
/// stays for the next attempt.
void download_blob(io::HttpClient& client, const io::HttpRequest& request, const HubFile& file,
                   const std::filesystem::path& partial, const ResponseRefusal& refuse,
                   const ByteCounter& count, std::stop_token stop);

}  // namespace jammi::model
