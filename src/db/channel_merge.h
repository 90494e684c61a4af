#pragma once

#include <memory>
#include <string>
#include <vector>

#include <jammi/channels.h>
#include <jammi/records.h>

namespace arrow {
class Table;
}

namespace jammi::db {

/// Which channels found the rows of a result, and which added to them.
struct Provenance {
  std::vector<std::string> retrieved_by;
  std::vector<std::string> annotated_by;
};

/// The channels of `registered` that `ids` names, each once, in the order of their columns in results: by
/// priority, then as given. Channel NotFound for an id that is not registered.
std::vector<ChannelRecord> channels_in_order(const std::vector<ChannelRecord>& registered,
                                             const std::vector<std::string>& ids);

/// `rows` with the columns of `provenance` and of `channels`, in that order, as `merge_channels` describes.
/// The contributions must fit. Throws InvalidArgument and AlreadyExists of the Channel category.
std::shared_ptr<arrow::Table> merge_into_rows(const std::shared_ptr<arrow::Table>& rows,
                                              const std::vector<ChannelRecord>& channels,
                                              const Provenance& provenance,
                                              const std::vector<ChannelContribution>& contributions);

}  // namespace jammi::db
