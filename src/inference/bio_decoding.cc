#include "inference/bio_decoding.h"

#include <algorithm>

namespace jammi::inference {

BioDecoder::BioDecoder(const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    Tag& tag = tags_.emplace_back();
    if (label.starts_with("B-")) tag = {Mark::Begin, label.substr(2)};
    if (label.starts_with("I-")) tag = {Mark::Inside, label.substr(2)};
  }
}

bool BioDecoder::can_begin() const {
  return std::ranges::contains(tags_, Mark::Begin, &Tag::mark);
}

std::vector<Entity> BioDecoder::decode(std::span<const text::CharacterSpan> spans,
                                       std::span<const LikeliestClass> classes) const {
  std::vector<Entity> entities;
  bool is_open = false;
  size_t num_tokens = 0;  // of the last entity, whose confidence is a sum until it is closed
  const auto close = [&] {
    if (is_open) entities.back().confidence /= static_cast<float>(num_tokens);
    is_open = false;
  };
  for (size_t i = 0; i < spans.size(); ++i) {
    if (spans[i] == text::CharacterSpan{}) continue;
    const Tag& tag = tags_[classes[i].number];
    const bool goes_on = is_open && tag.mark == Mark::Inside && tag.type == entities.back().label;
    if (goes_on) {
      entities.back().span.end = spans[i].end;
      entities.back().confidence += classes[i].probability;
      ++num_tokens;
      continue;
    }
    close();
    if (tag.mark != Mark::Begin) continue;
    entities.push_back({.label = tag.type, .span = spans[i], .confidence = classes[i].probability});
    is_open = true;
    num_tokens = 1;
  }
  close();
  return entities;
}

}  // namespace jammi::inference
