#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "arrow_table.h"
#include "session_handle.h"

namespace jammi::python {

/// A column's name and the word of its type.
using ChannelColumns = std::vector<std::pair<std::string, std::string>>;

/// A channel and its arrays, each a table of one column.
using Contribution = std::pair<std::string, std::vector<ArrowTable>>;

/// The channel verbs of a session; the Python half documents them.
void register_channel(const SessionHandle& handle, const std::string& id, int32_t priority,
                      const ChannelColumns& columns);
void add_channel_columns(const SessionHandle& handle, const std::string& id, const ChannelColumns& columns);
nanobind::list list_channels(const SessionHandle& handle);
std::vector<ArrowTable> merge_channels(const SessionHandle& handle, const std::vector<ArrowTable>& batches,
                                       const std::vector<std::string>& participating,
                                       const std::vector<std::string>& retrieved_by,
                                       const std::vector<std::string>& annotated_by,
                                       const std::vector<std::vector<Contribution>>& contributions);

}  // namespace jammi::python
