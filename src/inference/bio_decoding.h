#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "inference/class_scores.h"
#include "text/tokenizer.h"

namespace jammi::inference {

/// A stretch of a text that names something.
struct Entity {
  std::string label;         ///< without B- or I-
  text::CharacterSpan span;  ///< in code points
  float confidence = 0;      ///< mean probability of its tokens' labels

  bool operator==(const Entity&) const = default;
};

/// Reads entities off the labels of tokens: B-X begins an X, I-X goes on with an X that is open, every other
/// label ends what is open. Immutable and thread-safe.
class BioDecoder {
 public:
  /// `labels` by class.
  explicit BioDecoder(const std::vector<std::string>& labels);

  /// Some label begins entities; without one there are never any.
  bool can_begin() const;

  /// The entities of one text. `spans` are those of its tokens; special tokens, {0, 0}, are passed over.
  /// `classes` are the tokens' likeliest.
  std::vector<Entity> decode(std::span<const text::CharacterSpan> spans,
                             std::span<const LikeliestClass> classes) const;

 private:
  enum class Mark { Outside, Begin, Inside };
  struct Tag {
    Mark mark = Mark::Outside;
    std::string type;
  };

  std::vector<Tag> tags_;
};

}  // namespace jammi::inference
