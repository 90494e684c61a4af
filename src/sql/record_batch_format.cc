#include "sql/record_batch_format.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <duckdb/common/arrow/arrow_appender.hpp>
#include <duckdb/function/table/arrow/arrow_duck_schema.hpp>

#include "sql/arrow_status.h"
#include "sql/errors.h"
#include "sql/text_appender.h"

namespace jammi::sql {
namespace {

using ExtensionTypes =
    duckdb::unordered_map<duckdb::idx_t, const duckdb::shared_ptr<duckdb::ArrowTypeExtensionData>>;

// Who makes which columns: TextAppender those of plain text, DuckDB all others.
struct Layout final : RecordBatchState {
  duckdb::vector<duckdb::column_t> texts;
  duckdb::vector<duckdb::column_t> others;
  duckdb::vector<duckdb::LogicalType> other_types;
  std::shared_ptr<arrow::Schema> other_schema;
  ExtensionTypes other_extensions;
  duckdb::ClientProperties properties;
};

struct RecordBatchUnit final : duckdb::ResultUnit {
  RecordBatchUnit(std::shared_ptr<arrow::RecordBatch> content, uint64_t num_bytes)
      : duckdb::ResultUnit(static_cast<uint64_t>(content->num_rows()), num_bytes),
        batch(std::move(content)) {}

  std::shared_ptr<arrow::RecordBatch> batch;
};

// The batch that one thread is making, and those it has made that nobody has taken.
class Batches final : public duckdb::ResultFormatLocalState {
 public:
  Batches(const Layout& layout, uint64_t batch_rows, int64_t max_text_bytes)
      : layout_(layout),
        batch_rows_(batch_rows),
        max_text_bytes_(max_text_bytes),
        texts_(layout.texts.size(), TextAppender(max_text_bytes)),
        chunk_texts_(layout.texts.size()) {}

  void append(duckdb::DataChunk& chunk) {
    duckdb::DataChunk others;
    others.InitializeEmpty(layout_.other_types);
    others.ReferenceColumns(chunk, layout_.others);
    for (size_t i = 0; i < texts_.size(); ++i) chunk.data[layout_.texts[i]].ToUnifiedFormat(chunk_texts_[i]);
    for (uint64_t from = 0; from < chunk.size();) {
      const uint64_t wanted = std::min(chunk.size(), from + batch_rows_ - num_rows_);
      const uint64_t to = fit(from, wanted);
      if (to > from) append_rows(others, from, to);
      if (to < wanted || num_rows_ == batch_rows_) finish_batch();
      from = to;
    }
  }

  bool has_finished() const { return !finished_.empty(); }

  duckdb::unique_ptr<duckdb::ResultUnit> take() {
    if (finished_.empty() && num_rows_ > 0) finish_batch();
    if (finished_.empty()) return nullptr;
    auto unit = std::move(finished_.front());
    finished_.pop_front();
    return unit;
  }

 private:
  uint64_t fit(uint64_t from, uint64_t to) {
    for (size_t i = 0; i < texts_.size(); ++i) to = texts_[i].fit(chunk_texts_[i], from, to);
    if (to == from && num_rows_ == 0) {
      throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Sql,
                  "a text is too long for a result; select a part of it, in bytes at most: " +
                      std::to_string(max_text_bytes_));
    }
    return to;
  }

  void append_rows(duckdb::DataChunk& others, uint64_t from, uint64_t to) {
    if (!others_) {
      others_ = std::make_unique<duckdb::ArrowAppender>(layout_.other_types, batch_rows_, layout_.properties,
                                                        layout_.other_extensions);
    }
    others_->Append(others, from, to, others.size());
    for (size_t i = 0; i < texts_.size(); ++i) texts_[i].append(chunk_texts_[i], from, to);
    num_rows_ += to - from;
  }

  void finish_batch() {
    uint64_t num_bytes = others_->ByteSize();
    for (const TextAppender& text : texts_) num_bytes += static_cast<uint64_t>(text.byte_size());
    ArrowArray exported = others_->Finalize();
    others_.reset();
    const auto others = value_or_throw(arrow::ImportRecordBatch(&exported, layout_.other_schema));
    std::vector<std::shared_ptr<arrow::Array>> columns(texts_.size() + layout_.others.size());
    for (size_t i = 0; i < texts_.size(); ++i) columns[layout_.texts[i]] = texts_[i].finish();
    for (size_t i = 0; i < layout_.others.size(); ++i) {
      columns[layout_.others[i]] = others->column(static_cast<int>(i));
    }
    auto batch = arrow::RecordBatch::Make(layout_.schema, static_cast<int64_t>(std::exchange(num_rows_, 0)),
                                          std::move(columns));
    finished_.push_back(duckdb::make_uniq<RecordBatchUnit>(std::move(batch), num_bytes));
  }

  const Layout& layout_;
  uint64_t batch_rows_;
  int64_t max_text_bytes_;
  std::vector<TextAppender> texts_;
  std::vector<duckdb::UnifiedVectorFormat> chunk_texts_;
  std::unique_ptr<duckdb::ArrowAppender> others_;  // null when the batch has no rows
  uint64_t num_rows_ = 0;
  std::deque<duckdb::unique_ptr<duckdb::ResultUnit>> finished_;
};

// JSON and types like it are VARCHAR with another name, and may be something else in Arrow.
bool is_text(const duckdb::LogicalType& type, const arrow::Field& field) {
  return type.id() == duckdb::LogicalTypeId::VARCHAR && !type.HasAlias() &&
         field.type()->id() == arrow::Type::STRING;
}

std::shared_ptr<arrow::Schema> arrow_schema(const duckdb::ResultFormatContext& context) {
  duckdb::vector<duckdb::string> names;
  for (const duckdb::Identifier& name : context.names) names.push_back(name.GetIdentifierName());
  duckdb::ClientProperties properties = context.client_properties;
  ArrowSchema exported;
  duckdb::ArrowConverter::ToArrowSchema(&exported, context.types, names, properties);
  return value_or_throw(arrow::ImportSchema(&exported));
}

duckdb::unique_ptr<Layout> make_layout(const duckdb::ResultFormatContext& context) {
  auto layout = duckdb::make_uniq<Layout>();
  layout->properties = context.client_properties;
  layout->schema = arrow_schema(context);
  arrow::FieldVector other_fields;
  for (size_t column = 0; column < context.types.size(); ++column) {
    const auto& field = layout->schema->field(static_cast<int>(column));
    if (is_text(context.types[column], *field)) {
      layout->texts.push_back(column);
      continue;
    }
    layout->others.push_back(column);
    layout->other_types.push_back(context.types[column]);
    other_fields.push_back(field);
  }
  layout->other_schema = arrow::schema(std::move(other_fields));
  layout->other_extensions = duckdb::ArrowTypeExtensionData::GetExtensionTypes(
      *layout->properties.client_context, layout->other_types);
  return layout;
}

}  // namespace

duckdb::unique_ptr<duckdb::ResultFormatGlobalState> RecordBatchFormat::InitGlobal(
    const duckdb::ResultFormatContext& context) {
  return inside_duckdb([&] { return make_layout(context); });
}

duckdb::unique_ptr<duckdb::ResultFormatLocalState> RecordBatchFormat::InitLocal(
    duckdb::ResultFormatGlobalState& state) {
  return duckdb::make_uniq<Batches>(state.Cast<Layout>(), batch_rows_, max_text_bytes_);
}

void RecordBatchFormat::AppendToUnit(duckdb::ResultFormatGlobalState&,
                                     duckdb::ResultFormatLocalState& batches, duckdb::DataChunk& chunk) {
  inside_duckdb([&] { batches.Cast<Batches>().append(chunk); });
}

bool RecordBatchFormat::IsUnitFinished(duckdb::ResultFormatLocalState& batches) {
  return batches.Cast<Batches>().has_finished();
}

duckdb::unique_ptr<duckdb::ResultUnit> RecordBatchFormat::FinishUnit(
    duckdb::ResultFormatGlobalState&, duckdb::ResultFormatLocalState& batches) {
  return inside_duckdb([&] { return batches.Cast<Batches>().take(); });
}

duckdb::unique_ptr<RecordBatchFormat::T> RecordBatchFormat::UnpackUnit(
    duckdb::unique_ptr<duckdb::ResultUnit> unit) {
  if (!unit) return nullptr;
  return duckdb::make_uniq<T>(std::move(unit->Cast<RecordBatchUnit>().batch));
}

}  // namespace jammi::sql
