#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/error.h>

#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"

namespace jammi::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, message);
}

ChannelColumn parse_column(const std::string& written) {
  if (written.empty()) refuse("empty --column spec");
  const size_t colon = written.rfind(':');
  if (colon == std::string::npos) {
    refuse("--column '" + written + "' must be of the form name:Type (e.g. ranker:Utf8)");
  }
  if (colon == 0) refuse("--column '" + written + "' has an empty column name");
  return {.name = written.substr(0, colon), .type = parse_channel_column_type(written.substr(colon + 1))};
}

std::vector<ChannelColumn> parse_columns(const std::vector<std::string>& written) {
  if (written.empty()) refuse("at least one --column is required");
  std::vector<ChannelColumn> columns;
  for (const std::string& column : written) columns.push_back(parse_column(column));
  return columns;
}

std::string declarations(const std::vector<ChannelColumn>& columns) {
  std::string text;
  for (const ChannelColumn& column : columns) {
    text += (text.empty() ? "" : ", ") + column.name + ":" + std::string(to_string(column.type));
  }
  return text;
}

}  // namespace

void register_channel(const Context& context, const ChannelOptions& options) {
  const std::vector<ChannelColumn> columns = parse_columns(options.columns);
  open_database(context)->register_channel(options.name, options.priority, columns);
  context.out << "Channel '" << options.name << "' registered (priority=" << options.priority << ").\n";
}

void add_channel_columns(const Context& context, const ChannelOptions& options) {
  const std::vector<ChannelColumn> columns = parse_columns(options.columns);
  open_database(context)->add_channel_columns(options.name, columns);
  context.out << "Channel '" << options.name << "' extended with " << columns.size() << " column(s).\n";
}

void list_channels(const Context& context) {
  Listing listing{.columns = {{"Name", "name", 30}, {"Priority", "priority", 10}, {"Columns", "columns"}},
                  .rows = {},
                  .rule_width = 70,
                  .empty_message = "No channels registered."};
  for (const ChannelRecord& channel : open_database(context)->list_channels()) {
    listing.rows.push_back({channel.id, std::to_string(channel.priority), declarations(channel.columns)});
  }
  print_listing(listing, context.format, context.out);
}

}  // namespace jammi::cli
