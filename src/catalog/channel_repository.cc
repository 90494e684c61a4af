#include "catalog/channel_repository.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <jammi/error.h>

#include "base/names.h"
#include "catalog/tenant_filter.h"

namespace jammi::catalog {
namespace {

constexpr size_t kLongestId = 64;
constexpr std::array<std::string_view, 2> kBuiltInChannels{"vector", "inference"};

/// Columns of every result, which no channel can contribute.
constexpr std::array<std::string_view, 2> kProvenanceColumns{"retrieved_by", "annotated_by"};

Error channel_error(ErrorCode code, const std::string& id, const std::string& message) {
  return Error(code, ErrorCategory::Channel, "channel '" + id + "': " + message);
}

bool is_lower_case_letter(char c) {
  return c >= 'a' && c <= 'z';
}

void check_id(const std::string& id) {
  const auto refuse = [&id](const char* rule) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Channel,
                "invalid channel id '" + id + "': " + rule);
  };
  if (id.empty()) refuse("must not be empty");
  if (id.size() > kLongestId) refuse("must be at most 64 characters");
  if (!is_lower_case_letter(id.front())) refuse("must start with a lowercase ASCII letter");
  if (!std::ranges::all_of(
          id, [](char c) { return is_lower_case_letter(c) || (c >= '0' && c <= '9') || c == '_'; })) {
    refuse("must be [a-z0-9_]");
  }
}

void check_column_name(const std::string& id, const std::string& name) {
  if (!base::follows_name_rule(name)) {
    throw channel_error(ErrorCode::InvalidArgument, id,
                        "a column name must be " + std::string(base::kNameRule) + ": '" + name + "'");
  }
  if (std::ranges::contains(kProvenanceColumns, name)) {
    throw channel_error(ErrorCode::InvalidArgument, id,
                        "every result has a column of this name already: '" + name + "'");
  }
}

ChannelColumnType stored_column_type(const std::string& word) {
  try {
    return parse_channel_column_type(word);
  } catch (const Error&) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Channel,
                "unknown channel column type stored in catalog: '" + word + "'");
  }
}

/// Columns of a channel in declared order, whoever owns it.
std::vector<ChannelColumn> declared_columns(Connection& connection, const std::string& id) {
  Statement select(connection,
                   "SELECT column_name, column_type FROM evidence_channel_columns "
                   "WHERE channel_name = ? ORDER BY ordinal");
  select.bind(std::string_view(id));
  std::vector<ChannelColumn> columns;
  while (select.step()) columns.push_back({select.text(0), stored_column_type(select.text(1))});
  return columns;
}

void check_is_new(const std::string& id, const std::vector<ChannelColumn>& declared,
                  const ChannelColumn& column) {
  const auto known = std::ranges::find(declared, column.name, &ChannelColumn::name);
  if (known == declared.end()) return;
  if (known->type == column.type) {
    throw channel_error(ErrorCode::AlreadyExists, id, "column '" + column.name + "' already declared");
  }
  throw channel_error(ErrorCode::AlreadyExists, id,
                      "column '" + column.name + "' was declared " + std::string(to_string(known->type)) +
                          ", cannot redeclare as " + std::string(to_string(column.type)));
}

/// Appends `columns` to those the channel has.
void append_columns(Connection& connection, const std::string& id,
                    const std::vector<ChannelColumn>& columns) {
  std::vector<ChannelColumn> declared = declared_columns(connection, id);
  for (const ChannelColumn& column : columns) {
    check_column_name(id, column.name);
    check_is_new(id, declared, column);
    Statement insert(connection,
                     "INSERT INTO evidence_channel_columns (channel_name, column_name, column_type, ordinal) "
                     "SELECT ?1, ?2, ?3, coalesce(max(ordinal) + 1, 0) FROM evidence_channel_columns "
                     "WHERE channel_name = ?1");
    insert.bind(std::string_view(id)).bind(std::string_view(column.name)).bind(to_string(column.type)).run();
    declared.push_back(column);
  }
}

}  // namespace

void ChannelRepository::add(const std::string& id, int32_t priority,
                            const std::vector<ChannelColumn>& columns, const TenantScope& scope) {
  check_id(id);
  auto lease = pool_.lease();
  Transaction transaction(*lease);
  Statement insert(*lease,
                   "INSERT INTO evidence_channels (channel_name, priority, tenant_id) VALUES (?, ?, ?) "
                   "ON CONFLICT (channel_name) DO NOTHING");
  insert.bind(std::string_view(id)).bind(int64_t{priority}).bind(scope.tenant_id()).run();
  if (lease->num_changed_rows() == 0) throw channel_error(ErrorCode::AlreadyExists, id, "already exists");
  append_columns(*lease, id, columns);
  transaction.commit();
}

void ChannelRepository::add_columns(const std::string& id, const std::vector<ChannelColumn>& columns,
                                    const TenantScope& scope) {
  check_id(id);
  if (std::ranges::contains(kBuiltInChannels, id)) {
    throw channel_error(ErrorCode::InvalidArgument, id,
                        "is built in and cannot be extended; register a channel of your own");
  }
  auto lease = pool_.lease();
  Transaction transaction(*lease);
  {
    Statement select(*lease,
                     std::string("SELECT 1 FROM evidence_channels WHERE channel_name = ? AND ") + kIsOwned);
    if (!bind_scope(select.bind(std::string_view(id)), scope).step()) {
      throw channel_error(ErrorCode::NotFound, id, "not registered");
    }
  }
  append_columns(*lease, id, columns);
  transaction.commit();
}

std::vector<ChannelRecord> ChannelRepository::list(const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(
      *lease, std::string("SELECT channel_name, priority, created_at, tenant_id, column_name, column_type "
                          "FROM evidence_channels LEFT JOIN evidence_channel_columns USING (channel_name) "
                          "WHERE ") +
                  kIsVisible + " ORDER BY priority, channel_name, ordinal");
  bind_scope(select, scope);
  std::vector<ChannelRecord> channels;
  while (select.step()) {
    if (channels.empty() || channels.back().id != select.text(0)) {
      channels.push_back({.id = select.text(0),
                          .priority = static_cast<int32_t>(select.integer(1)),
                          .columns = {},
                          .created_at = select.text(2),
                          .tenant_id = select.optional_text(3)});
    }
    const std::optional<std::string> column = select.optional_text(4);
    if (column) channels.back().columns.push_back({*column, stored_column_type(select.text(5))});
  }
  return channels;
}

}  // namespace jammi::catalog
