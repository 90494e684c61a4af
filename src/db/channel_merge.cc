#include "db/channel_merge.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "sql/arrow_status.h"

namespace jammi {
namespace {

using sql::throw_if_error;
using sql::value_or_throw;

std::shared_ptr<arrow::DataType> arrow_type(ChannelColumnType type) {
  switch (type) {
    case ChannelColumnType::Float32:
      return arrow::float32();
    case ChannelColumnType::Float64:
      return arrow::float64();
    case ChannelColumnType::Int32:
      return arrow::int32();
    case ChannelColumnType::Int64:
      return arrow::int64();
    case ChannelColumnType::Utf8:
      return arrow::utf8();
    case ChannelColumnType::Boolean:
      return arrow::boolean();
  }
  return arrow::null();
}

/// An Arrow type in the words of the channels, where they have one.
std::string type_name(const arrow::DataType& type) {
  using enum ChannelColumnType;
  for (ChannelColumnType known : {Float32, Float64, Int32, Int64, Utf8, Boolean}) {
    if (type.Equals(arrow_type(known))) return std::string(to_string(known));
  }
  return type.ToString();
}

Error channel_error(ErrorCode code, const std::string& channel, const std::string& message) {
  return Error(code, ErrorCategory::Channel, "channel '" + channel + "': " + message);
}

const ChannelContribution* contribution_of(const std::string& channel,
                                           const std::vector<ChannelContribution>& contributions) {
  const auto found = std::ranges::find(contributions, channel, &ChannelContribution::channel);
  return found == contributions.end() ? nullptr : &*found;
}

void check_distinct_columns(const std::vector<ChannelRecord>& channels) {
  std::vector<std::pair<std::string, std::string>> owners;  // column, channel
  for (const ChannelRecord& channel : channels) {
    for (const ChannelColumn& column : channel.columns) {
      const auto other = std::ranges::find(owners, column.name, &std::pair<std::string, std::string>::first);
      if (other != owners.end()) {
        throw channel_error(ErrorCode::AlreadyExists, channel.id,
                            "channel '" + other->second + "', which takes part too, also declares column '" +
                                column.name + "'");
      }
      owners.emplace_back(column.name, channel.id);
    }
  }
}

std::shared_ptr<arrow::ChunkedArray> own_column_of_rows(const arrow::Table& rows,
                                                        const ChannelRecord& channel,
                                                        const ChannelColumn& column) {
  const std::vector<int> positions = rows.schema()->GetAllFieldIndices(column.name);
  if (positions.empty()) return nullptr;
  if (positions.size() > 1) {
    throw channel_error(ErrorCode::AlreadyExists, channel.id,
                        "the rows have more than one column '" + column.name + "'");
  }
  const arrow::DataType& type = *rows.field(positions.front())->type();
  if (!type.Equals(arrow_type(column.type))) {
    throw channel_error(ErrorCode::InvalidArgument, channel.id,
                        "column '" + column.name + "' of the rows has dtype " + type_name(type) +
                            ", expected " + std::string(to_string(column.type)));
  }
  return rows.column(positions.front());
}

std::shared_ptr<arrow::ChunkedArray> column_of(const ChannelRecord& channel, size_t position,
                                               const arrow::Table& rows,
                                               const ChannelContribution* contribution) {
  const ChannelColumn& column = channel.columns[position];
  if (contribution != nullptr) {
    if (!rows.schema()->GetAllFieldIndices(column.name).empty()) {
      throw channel_error(ErrorCode::AlreadyExists, channel.id,
                          "the rows have a column '" + column.name + "' already; drop or rename it");
    }
    return std::make_shared<arrow::ChunkedArray>(contribution->columns[position]);
  }
  if (auto own = own_column_of_rows(rows, channel, column)) return own;
  return std::make_shared<arrow::ChunkedArray>(
      value_or_throw(arrow::MakeArrayOfNull(arrow_type(column.type), rows.num_rows())));
}

/// `num_rows` times the same list of channels.
std::shared_ptr<arrow::ChunkedArray> repeated(const std::vector<std::string>& channels, int64_t num_rows) {
  auto names = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), names);
  for (int64_t row = 0; row < num_rows; ++row) {
    throw_if_error(lists.Append());
    throw_if_error(names->AppendValues(channels));
  }
  return std::make_shared<arrow::ChunkedArray>(value_or_throw(lists.Finish()));
}

void check_contribution(const ChannelContribution& contribution, const ChannelRecord& channel,
                        int64_t num_rows, const std::string& subject) {
  const auto refuse = [&subject](const std::string& message) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Channel, subject + message);
  };
  if (contribution.columns.size() != channel.columns.size()) {
    refuse(" contribution has " + std::to_string(contribution.columns.size()) + " columns, expected " +
           std::to_string(channel.columns.size()));
  }
  for (size_t j = 0; j < channel.columns.size(); ++j) {
    const arrow::Array& array = *contribution.columns[j];
    const std::string column = " column '" + channel.columns[j].name + "' has ";
    if (array.length() != num_rows) {
      refuse(column + std::to_string(array.length()) + " rows, expected " + std::to_string(num_rows));
    }
    if (!array.type()->Equals(arrow_type(channel.columns[j].type))) {
      refuse(column + "dtype " + type_name(*array.type()) + ", expected " +
             std::string(to_string(channel.columns[j].type)) + " (column index " + std::to_string(j) + ")");
    }
  }
}

void check_contributions(const std::vector<ChannelContribution>& contributions,
                         const std::vector<ChannelRecord>& channels, int64_t num_rows, size_t batch) {
  const std::string batch_name = "batch " + std::to_string(batch);
  for (const ChannelContribution& contribution : contributions) {
    const std::string& id = contribution.channel;
    const auto channel = std::ranges::find(channels, id, &ChannelRecord::id);
    if (channel == channels.end()) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Channel,
                  batch_name + ": contribution for channel '" + id + "' is not in the participating set");
    }
    if (std::ranges::count(contributions, id, &ChannelContribution::channel) > 1) {
      throw channel_error(ErrorCode::InvalidArgument, id, "duplicate contribution on " + batch_name);
    }
    check_contribution(contribution, *channel, num_rows, batch_name + ": channel '" + id + "'");
  }
}

}  // namespace

std::vector<ChannelRecord> db::channels_in_order(const std::vector<ChannelRecord>& registered,
                                                 const std::vector<std::string>& ids) {
  std::vector<ChannelRecord> channels;
  for (const std::string& id : ids) {
    const auto channel = std::ranges::find(registered, id, &ChannelRecord::id);
    if (channel == registered.end()) throw channel_error(ErrorCode::NotFound, id, "not registered");
    if (!std::ranges::contains(channels, id, &ChannelRecord::id)) channels.push_back(*channel);
  }
  std::ranges::stable_sort(channels, {}, &ChannelRecord::priority);
  return channels;
}

std::shared_ptr<arrow::Table> db::merge_into_rows(const std::shared_ptr<arrow::Table>& rows,
                                                  const std::vector<ChannelRecord>& channels,
                                                  const Provenance& provenance,
                                                  const std::vector<ChannelContribution>& contributions) {
  check_distinct_columns(channels);
  const auto list_type = arrow::list(arrow::field("item", arrow::utf8(), /*nullable=*/true));
  arrow::FieldVector added_fields = {arrow::field("retrieved_by", list_type, /*nullable=*/false),
                                     arrow::field("annotated_by", list_type, /*nullable=*/false)};
  arrow::ChunkedArrayVector added = {repeated(provenance.retrieved_by, rows->num_rows()),
                                     repeated(provenance.annotated_by, rows->num_rows())};
  for (const ChannelRecord& channel : channels) {
    const ChannelContribution* contribution = contribution_of(channel.id, contributions);
    for (size_t j = 0; j < channel.columns.size(); ++j) {
      added_fields.push_back(arrow::field(channel.columns[j].name, arrow_type(channel.columns[j].type)));
      added.push_back(column_of(channel, j, *rows, contribution));
    }
  }

  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  for (int i = 0; i < rows->num_columns(); ++i) {
    const auto& field = rows->field(i);
    if (std::ranges::contains(added_fields, field->name(), &arrow::Field::name)) continue;
    fields.push_back(field);
    columns.push_back(rows->column(i));
  }
  fields.append_range(added_fields);
  columns.append_range(added);
  return arrow::Table::Make(arrow::schema(fields, rows->schema()->metadata()), columns, rows->num_rows());
}

std::vector<std::shared_ptr<arrow::RecordBatch>> merge_channels(
    const Database& database, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const ChannelMerge& merge) {
  if (merge.contributions.size() != batches.size()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Channel,
                "contributions length " + std::to_string(merge.contributions.size()) +
                    " does not match batches length " + std::to_string(batches.size()));
  }
  const std::vector<ChannelRecord> registered = database.list_channels();
  const std::vector<ChannelRecord> channels = db::channels_in_order(registered, merge.participating);
  db::channels_in_order(registered, merge.retrieved_by);
  db::channels_in_order(registered, merge.annotated_by);

  std::vector<std::shared_ptr<arrow::RecordBatch>> merged;
  for (size_t i = 0; i < batches.size(); ++i) {
    check_contributions(merge.contributions[i], channels, batches[i]->num_rows(), i);
    try {
      const auto rows = value_or_throw(arrow::Table::FromRecordBatches({batches[i]}));
      const auto table = db::merge_into_rows(rows, channels, {merge.retrieved_by, merge.annotated_by},
                                             merge.contributions[i]);
      merged.push_back(value_or_throw(table->CombineChunksToBatch()));
    } catch (const Error& error) {
      throw Error(error.code(), error.category(), "batch " + std::to_string(i) + ": " + error.message());
    }
  }
  return merged;
}

}  // namespace jammi
