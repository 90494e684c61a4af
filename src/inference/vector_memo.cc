#include "inference/vector_memo.h"

#include <algorithm>
#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "base/hash.h"
#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using sql::throw_if_error;
using sql::value_or_throw;

// A digest, and what a map needs around an entry.
constexpr size_t kEntryBytes = 200;

/// The texts as a task reads them; nobody looks at the keys.
std::shared_ptr<arrow::RecordBatchReader> rows_of(const std::vector<std::string_view>& texts) {
  arrow::StringBuilder keys;
  arrow::StringBuilder contents;
  for (std::string_view text : texts) {
    throw_if_error(keys.Append(""));
    throw_if_error(contents.Append(text));
  }
  auto schema = arrow::schema({arrow::field("key", arrow::utf8()), arrow::field("text", arrow::utf8())});
  const auto num_rows = static_cast<int64_t>(texts.size());
  auto batch = arrow::RecordBatch::Make(schema, num_rows,
                                        {value_or_throw(keys.Finish()), value_or_throw(contents.Finish())});
  return value_or_throw(arrow::RecordBatchReader::Make({std::move(batch)}, schema));
}

}  // namespace

VectorMemo::VectorMemo(std::shared_ptr<const Task> task, size_t dimensions, size_t num_threads,
                       size_t budget_bytes)
    : task_(std::move(task)),
      dimensions_(dimensions),
      num_threads_(num_threads),
      capacity_(std::max<size_t>(budget_bytes / (2 * (dimensions * sizeof(float) + kEntryBytes)), 1)) {}

std::vector<float> VectorMemo::compute(std::span<const std::string_view> texts, std::stop_token stop) {
  std::vector<std::string> digests;
  for (std::string_view text : texts) digests.push_back(base::sha256_hex(text));

  std::lock_guard lock(mutex_);
  Vectors found;
  std::vector<std::string_view> missing;
  std::vector<std::string> missing_digests;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::vector<float>* known = find(digests[i]);
    const bool is_first = found.try_emplace(digests[i], known ? *known : std::vector<float>()).second;
    if (!is_first || known != nullptr) continue;
    missing.push_back(texts[i]);
    missing_digests.push_back(digests[i]);
  }
  if (!missing.empty()) embed(missing, missing_digests, found, std::move(stop));
  for (const std::string& digest : missing_digests) remember(digest, found.at(digest));

  std::vector<float> vectors;
  vectors.reserve(texts.size() * dimensions_);
  for (const std::string& digest : digests) {
    const std::vector<float>& vector = found.at(digest);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  return vectors;
}

void VectorMemo::embed(const std::vector<std::string_view>& texts, const std::vector<std::string>& digests,
                       Vectors& into, std::stop_token stop) const {
  auto stream = task_->run(rows_of(texts), {.num_threads = num_threads_}, std::move(stop));
  size_t row = 0;
  while (std::optional<TaskOutput> output = stream->next()) {
    const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*output->columns.at(0));
    const float* values = static_cast<const arrow::FloatArray&>(*lists.values()).raw_values();
    for (const RowOutcome& outcome : output->rows) {
      if (!outcome.is_ok()) throw Error(ErrorCode::Internal, ErrorCategory::Inference, outcome.error);
      into.at(digests.at(row++)).assign(values, values + dimensions_);
      values += dimensions_;
    }
  }
}

const std::vector<float>* VectorMemo::find(const std::string& digest) {
  auto young = young_.find(digest);
  if (young != young_.end()) return &young->second;
  auto old = old_.find(digest);
  return old == old_.end() ? nullptr : &old->second;
}

void VectorMemo::remember(const std::string& digest, std::vector<float> vector) {
  if (young_.size() >= capacity_) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.insert_or_assign(digest, std::move(vector));
}

}  // namespace jammi::inference
