#include "channels.h"

#include <memory>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <jammi/channels.h>

#include "interruptible.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

std::vector<ChannelColumn> parse_columns(const ChannelColumns& columns) {
  std::vector<ChannelColumn> parsed;
  for (const auto& [name, type] : columns) parsed.push_back({name, parse_channel_column_type(type)});
  return parsed;
}

std::shared_ptr<arrow::RecordBatch> to_batch(const ArrowTable& table) {
  const auto batch = table.table()->CombineChunksToBatch();
  throw_if_error(batch.status());
  return *batch;
}

ArrowTable to_table(const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto table = arrow::Table::FromRecordBatches({batch});
  throw_if_error(table.status());
  return ArrowTable(*table);
}

ChannelContribution to_contribution(const Contribution& given) {
  ChannelContribution contribution{.channel = given.first, .columns = {}};
  for (const ArrowTable& column : given.second) contribution.columns.push_back(to_batch(column)->column(0));
  return contribution;
}

}  // namespace

void register_channel(const SessionHandle& handle, const std::string& id, int32_t priority,
                      const ChannelColumns& columns) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] { session->database().register_channel(id, priority, parse_columns(columns)); });
}

void add_channel_columns(const SessionHandle& handle, const std::string& id, const ChannelColumns& columns) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] { session->database().add_channel_columns(id, parse_columns(columns)); });
}

nb::list list_channels(const SessionHandle& handle) {
  const std::shared_ptr<Session> session = handle.session();
  const std::vector<ChannelRecord> records =
      run_without_gil([&] { return session->database().list_channels(); });
  nb::list channels;
  for (const ChannelRecord& record : records) {
    nb::list columns;
    for (const ChannelColumn& column : record.columns) {
      columns.append(nb::make_tuple(column.name, to_string(column.type)));
    }
    nb::dict channel;
    channel["channel_id"] = record.id;
    channel["priority"] = record.priority;
    channel["columns"] = columns;
    channels.append(channel);
  }
  return channels;
}

std::vector<ArrowTable> merge_channels(const SessionHandle& handle, const std::vector<ArrowTable>& batches,
                                       const std::vector<std::string>& participating,
                                       const std::vector<std::string>& retrieved_by,
                                       const std::vector<std::string>& annotated_by,
                                       const std::vector<std::vector<Contribution>>& contributions) {
  const std::shared_ptr<Session> session = handle.session();
  return run_without_gil([&] {
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
    for (const ArrowTable& batch : batches) rows.push_back(to_batch(batch));
    ChannelMerge merge{participating, retrieved_by, annotated_by, {}};
    for (const std::vector<Contribution>& of_batch : contributions) {
      std::vector<ChannelContribution>& converted = merge.contributions.emplace_back();
      for (const Contribution& contribution : of_batch) converted.push_back(to_contribution(contribution));
    }
    std::vector<ArrowTable> merged;
    for (const auto& batch : jammi::merge_channels(session->database(), rows, merge)) {
      merged.push_back(to_table(batch));
    }
    return merged;
  });
}

}  // namespace jammi::python
