#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

namespace jammi::config {
namespace {

/// The value's text for an error message, empty when it has none worth showing.
std::string display(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "";
}

/// Stores one value; an overload per type of setting.
class Assignment {
 public:
  Assignment(const Value& value, const Origin& origin, Config& config)
      : value_(value), origin_(origin), config_(config) {}

  void operator()(const WholeNumber& setting) const {
    setting.at(config_) = static_cast<uint64_t>(whole_number(static_cast<int64_t>(setting.minimum)));
  }
  void operator()(const OptionalWholeNumber& setting) const {
    setting.at(config_) = static_cast<uint64_t>(whole_number(0));
  }
  void operator()(const Integer& setting) const { setting.at(config_) = whole_number(setting.minimum); }

  void operator()(const Fraction& setting) const {
    double number = std::numeric_limits<double>::quiet_NaN();
    if (const auto* floating = std::get_if<double>(&value_)) number = *floating;
    if (const auto* integer = std::get_if<int64_t>(&value_)) number = static_cast<double>(*integer);
    if (!(number > 0 && number <= 1)) fail("must be a number above 0 and at most 1");
    setting.at(config_) = number;
  }

  void operator()(const Flag& setting) const { setting.at(config_) = get<bool>("must be true or false"); }
  void operator()(const Text& setting) const { setting.at(config_) = text(); }
  void operator()(const Path& setting) const { setting.at(config_) = text(); }
  void operator()(const OptionalPath& setting) const { setting.at(config_) = text(); }

  void operator()(const ByteSize& setting) const {
    const std::string& size = text();
    if (!setting.allows_auto || size != "auto") {
      try {
        parse_byte_size(size, std::numeric_limits<uint32_t>::max(), origin_.name);
      } catch (const Error& error) {
        throw Error(error.code(), origin_.category, error.message());
      }
    }
    setting.at(config_) = size;
  }

  void operator()(const Word& setting) const {
    const auto* word = std::get_if<std::string>(&value_);
    auto found = word == nullptr ? setting.words.end() : std::ranges::find(setting.words, *word);
    if (found == setting.words.end()) {
      std::string wanted = "must be one of";
      for (std::string_view candidate : setting.words) (wanted += ' ') += candidate;
      fail(wanted);
    }
    setting.set(config_, static_cast<size_t>(found - setting.words.begin()));
  }

  void operator()(const TextList& setting) const {
    setting.at(config_) = get<std::vector<std::string>>("must be a list of strings");
  }
  void operator()(const Headers& setting) const { setting.at(config_) = table(); }
  void operator()(const Urls& setting) const { setting.at(config_) = table(); }

 private:
  template <typename T>
  const T& get(const std::string& wanted) const {
    const T* held = std::get_if<T>(&value_);
    if (held == nullptr) fail(wanted);
    return *held;
  }

  const std::map<std::string, std::string>& table() const {
    return get<std::map<std::string, std::string>>("must be a table of strings");
  }

  const std::string& text() const { return get<std::string>("must be a string"); }

  int64_t whole_number(int64_t minimum) const {
    std::string wanted = "must be a whole number of at least " + std::to_string(minimum);
    int64_t number = get<int64_t>(wanted);
    if (number < minimum) fail(wanted);
    return number;
  }

  [[noreturn]] void fail(const std::string& wanted) const {
    std::string shown = display(value_);
    throw Error(ErrorCode::InvalidArgument, origin_.category,
                origin_.name + " " + wanted + (shown.empty() ? "" : ": " + shown));
  }

  const Value& value_;
  const Origin& origin_;
  Config& config_;
};

template <typename Number>
Value parse_number(const std::string& text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return text;
  return number;
}

Value parse_flag(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return text;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    size_t first = item.find_first_not_of(' ');
    if (first != std::string_view::npos) {
      items.emplace_back(item.substr(first, item.find_last_not_of(' ') - first + 1));
    }
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return items;
}

struct TextParser {
  const std::string& text;

  Value operator()(const WholeNumber&) const { return parse_number<int64_t>(text); }
  Value operator()(const OptionalWholeNumber&) const { return parse_number<int64_t>(text); }
  Value operator()(const Integer&) const { return parse_number<int64_t>(text); }
  Value operator()(const Fraction&) const { return parse_number<double>(text); }
  Value operator()(const Flag&) const { return parse_flag(text); }
  Value operator()(const TextList&) const { return parse_list(text); }
  Value operator()(const auto&) const { return text; }
};

}  // namespace

void assign(const Setting& setting, const Value& value, const Origin& origin, Config& config) {
  std::visit(Assignment(value, origin, config), setting);
}

Value parse_text(const Setting& setting, const std::string& text) {
  return std::visit(TextParser{text}, setting);
}

}  // namespace jammi::config
