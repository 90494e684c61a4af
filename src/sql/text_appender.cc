#include "sql/text_appender.h"

#include <algorithm>
#include <cstring>

#include <arrow/api.h>

#include "sql/arrow_status.h"

namespace jammi::sql {
namespace {

using duckdb::string_t;

// A string_t holds texts up to this length itself. They are copied whole: a copy of a constant size is two
// moves where one of the text's own size is a call.
constexpr int64_t kInlineBytes = string_t::INLINE_BYTES;

}  // namespace

uint64_t TextAppender::fit(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to) {
  if (ends_.length() == 0) throw_if_error(ends_.Append(0));
  throw_if_error(ends_.Reserve(static_cast<int64_t>(to - from)));
  const auto* values = texts.GetData<string_t>();
  int32_t* ends = ends_.mutable_data() + ends_.length();
  int64_t end = bytes_.length();
  for (uint64_t row = from; row < to; ++row) {
    const uint64_t at = texts.sel->get_index(row);
    if (texts.validity.RowIsValid(at)) end += static_cast<int64_t>(values[at].GetSize());
    if (end > max_bytes_) return row;
    *ends++ = static_cast<int32_t>(end);
  }
  return to;
}

void TextAppender::append(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to) {
  const auto num_rows = static_cast<int64_t>(to - from);
  const int32_t* ends = ends_.data() + ends_.length();
  const int64_t length = ends[num_rows - 1];
  throw_if_error(bytes_.Reserve(std::max(length, expected_bytes_) + kInlineBytes - bytes_.length()));
  const auto* values = texts.GetData<string_t>();
  uint8_t* bytes = bytes_.mutable_data();
  int64_t begin = bytes_.length();
  for (uint64_t row = from; row < to; ++row) {
    const uint64_t at = texts.sel->get_index(row);
    if (texts.validity.RowIsValid(at)) {
      const string_t& text = values[at];
      if (text.IsInlined()) {
        std::memcpy(bytes + begin, text.GetPrefix(), kInlineBytes);
      } else {
        std::memcpy(bytes + begin, text.GetPointer(), text.GetSize());
      }
    }
    begin = *ends++;
  }
  bytes_.UnsafeAdvance(length - bytes_.length());
  ends_.UnsafeAdvance(num_rows);
  append_validity(texts, from, to);
}

void TextAppender::append_validity(const duckdb::UnifiedVectorFormat& texts, uint64_t from, uint64_t to) {
  throw_if_error(validity_.Reserve(static_cast<int64_t>(to - from)));
  if (texts.validity.CannotHaveNull()) {
    validity_.UnsafeAppend(static_cast<int64_t>(to - from), true);
    return;
  }
  for (uint64_t row = from; row < to; ++row) {
    validity_.UnsafeAppend(texts.validity.RowIsValid(texts.sel->get_index(row)));
  }
}

std::shared_ptr<arrow::Array> TextAppender::finish() {
  const int64_t num_rows = validity_.length();
  const int64_t num_nulls = validity_.false_count();
  expected_bytes_ = bytes_.length();
  auto validity = value_or_throw(validity_.Finish());
  if (num_nulls == 0) validity = nullptr;
  auto ends = value_or_throw(ends_.Finish());
  auto bytes = value_or_throw(bytes_.Finish());
  return std::make_shared<arrow::StringArray>(num_rows, std::move(ends), std::move(bytes),
                                              std::move(validity), num_nulls);
}

}  // namespace jammi::sql
