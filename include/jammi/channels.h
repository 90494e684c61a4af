#pragma once

#include <memory>
#include <string>
#include <vector>

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace jammi {

class Database;

/// What one channel adds to one batch: an array per declared column, in that order, each as long as the batch
/// and of the declared type.
struct ChannelContribution {
  std::string channel;
  std::vector<std::shared_ptr<arrow::Array>> columns;
};

/// What `merge_channels` adds to batches; channels are named by their ids.
struct ChannelMerge {
  std::vector<std::string> participating;                       ///< whose columns the result has
  std::vector<std::string> retrieved_by;                        ///< which of all channels found the rows
  std::vector<std::string> annotated_by;                        ///< which added to them afterwards
  std::vector<std::vector<ChannelContribution>> contributions;  ///< an entry per batch
};

/// Gives batches, for example those of a search, the columns of provenance channels. Each result is its
/// batch's columns, then retrieved_by and annotated_by (lists of string, the same for every row; replaced
/// where the batch has them), then the columns of the participating channels by priority and as declared.
///
/// A participating channel without a contribution to a batch keeps the column of its name that the batch has,
/// moved to its place (as `similarity` of a search), and is null where there is none. No array is copied.
///
/// Throws errors of the Channel category that name the batch and the channel: NotFound for a channel that is
/// not registered, InvalidArgument for a contribution that does not fit its batch or the declaration,
/// AlreadyExists when two columns of a result would have the same name.
std::vector<std::shared_ptr<arrow::RecordBatch>> merge_channels(
    const Database& database, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const ChannelMerge& merge);

}  // namespace jammi
