#include "inference/ner_task.h"

#include <algorithm>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/type.h>
#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "inference/bio_decoding.h"
#include "inference/class_scores.h"
#include "sql/arrow_status.h"

namespace jammi::inference {
namespace {

using sql::throw_if_error;
using sql::value_or_throw;

/// Keeps its keys in order and writes float32 with the fewest digits that tell them apart.
using EntitiesJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t,
                                          std::uint64_t, float>;

/// Finds code points in a text, fastest when asked for in ascending order.
class CodePointCursor {
 public:
  explicit CodePointCursor(std::string_view text) : text_(text) {}

  /// The byte at which a code point begins, the end of the text behind its last one.
  size_t byte_of(int32_t code_point) {
    if (code_point < code_point_) *this = CodePointCursor(text_);
    for (; code_point_ < code_point && byte_ < text_.size(); ++code_point_) {
      do ++byte_;
      while (byte_ < text_.size() && is_continuation(text_[byte_]));
    }
    return byte_;
  }

 private:
  static bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

  std::string_view text_;
  size_t byte_ = 0;
  int32_t code_point_ = 0;
};

std::string entities_json(std::string_view text, const std::vector<Entity>& entities) {
  CodePointCursor cursor(text);
  EntitiesJson list = EntitiesJson::array();
  for (const Entity& entity : entities) {
    const size_t begin = cursor.byte_of(entity.span.begin);
    std::string_view named = text.substr(begin, cursor.byte_of(entity.span.end) - begin);
    // Tokens of byte-level vocabularies begin with the blank before their word.
    const size_t num_blanks = std::min(named.find_first_not_of(' '), named.size());
    named.remove_prefix(num_blanks);
    list.push_back({{"text", named},
                    {"label", entity.label},
                    {"start", entity.span.begin + static_cast<int64_t>(num_blanks)},
                    {"end", entity.span.end},
                    {"confidence", entity.confidence}});
  }
  return list.dump(-1, ' ', false, EntitiesJson::error_handler_t::replace);
}

class NerTask final : public TextTask {
 public:
  NerTask(std::shared_ptr<const model::TextModel> model, const std::vector<std::string>& labels)
      : TextTask(std::move(model)), num_labels_(labels.size()), decoder_(labels) {
    if (!decoder_.can_begin()) {
      throw model_error(
          ErrorCode::Unsupported, model_id(),
          "NER needs labels like B-PER and I-PER, and no label of the model begins with B-; its "
          "first one is: " +
              labels.front());
    }
  }

  ModelTask kind() const noexcept override { return ModelTask::Ner; }
  arrow::FieldVector columns() const override { return {arrow::field("entities", arrow::utf8())}; }

 private:
  arrow::ArrayVector make_columns(TextModelOutput& output) const override {
    arrow::StringBuilder entities;
    for (size_t row = 0; row < output.rows.size(); ++row) {
      TextRow& read = output.rows[row];
      const auto classes = read.is_ok() ? classes_of(output, row) : std::nullopt;
      if (!classes) {
        if (read.is_ok()) read.error = kNotFiniteError;
        throw_if_error(entities.AppendNull());
        continue;
      }
      const auto spans = std::span(output.spans).subspan(output.firsts[row], classes->size());
      throw_if_error(entities.Append(entities_json(read.text, decoder_.decode(spans, *classes))));
    }
    return {value_or_throw(entities.Finish())};
  }

  /// The likeliest class of each token of a row; nothing when logits are not finite.
  std::optional<std::vector<LikeliestClass>> classes_of(const TextModelOutput& output, size_t row) const {
    std::vector<LikeliestClass> classes;
    for (size_t token = output.firsts[row]; token < output.firsts[row + 1]; ++token) {
      const auto best = likeliest_class(std::span(output.values).subspan(token * num_labels_, num_labels_));
      if (!best) return std::nullopt;
      classes.push_back(*best);
    }
    return classes;
  }

  const size_t num_labels_;
  const BioDecoder decoder_;
};

}  // namespace

std::shared_ptr<const TextTask> make_ner_task(std::shared_ptr<const model::TextModel> model,
                                              const std::vector<std::string>& labels) {
  return std::make_shared<NerTask>(std::move(model), labels);
}

}  // namespace jammi::inference
