#include "index/row_lookup.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string>

#include <jammi/error.h>

namespace jammi::index {
namespace {

/// How many rows ahead of the last one are compared before the hash table is asked.
constexpr uint64_t kRowsAhead = 4;

uint64_t hash_of(std::string_view id) {
  return std::hash<std::string_view>()(id);
}

uint32_t tag_of(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}

}  // namespace

RowLookup::RowLookup(const RowMap& ids, uint64_t num_rows) : ids_(ids), num_rows_(num_rows) {
  if (num_rows >= kNone) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Storage,
                "a table with this many rows cannot be searched with a filter: " + std::to_string(num_rows));
  }
  slots_.resize(std::bit_ceil(num_rows + num_rows / 2 + 1));
  for (uint32_t row = 0; row < num_rows; ++row) {
    const uint64_t hash = hash_of(ids[row]);
    Slot& slot = slots_[slot_of(ids[row], hash)];
    if (slot.row != kNone) {
      if (same_id_.empty()) same_id_.resize(num_rows, kNone);
      same_id_[row] = slot.row;
    }
    slot = {tag_of(hash), row};
  }
}

size_t RowLookup::slot_of(std::string_view id, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].row != kNone && (slots_[at].tag != tag_of(hash) || ids_[slots_[at].row] != id))
    at = (at + 1) & mask;
  return at;
}

bool RowLookup::Collector::add_one_ahead(std::string_view id) {
  const uint64_t end = std::min(next_ + kRowsAhead, lookup_.num_rows_);
  for (uint64_t row = next_; row < end; ++row) {
    if (lookup_.ids_[row] != id) continue;
    rows_.insert(row);
    next_ = row + 1;
    return true;
  }
  return false;
}

void RowLookup::Collector::add(std::string_view id) {
  if (lookup_.same_id_.empty() && add_one_ahead(id)) return;
  uint32_t row = lookup_.slots_[lookup_.slot_of(id, hash_of(id))].row;
  // When the first of several rows is there, an earlier call has added them all.
  if (row == kNone || rows_.contains(row)) return;
  next_ = row + uint64_t{1};
  rows_.insert(row);
  if (lookup_.same_id_.empty()) return;
  while ((row = lookup_.same_id_[row]) != kNone) rows_.insert(row);
}

}  // namespace jammi::index
