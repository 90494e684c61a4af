#include "catalog/connection.h"

namespace jammi::catalog {

std::string_view to_string(Backend backend) {
  return backend == Backend::Sqlite ? "sqlite" : "postgres";
}

std::string quote_name(std::string_view name) {
  std::string text = "\"";
  for (char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

Statement& Statement::bind(std::string_view text) {
  cursor_->bind(++num_bound_, text);
  return *this;
}

Statement& Statement::bind(int64_t value) {
  cursor_->bind(++num_bound_, value);
  return *this;
}

Statement& Statement::bind(double value) {
  cursor_->bind(++num_bound_, value);
  return *this;
}

Statement& Statement::bind_bytes(std::string_view bytes) {
  cursor_->bind_bytes(++num_bound_, bytes);
  return *this;
}

Statement& Statement::bind_null() {
  cursor_->bind_null(++num_bound_);
  return *this;
}

Statement& Statement::bind(const std::optional<std::string>& text) {
  if (text) return bind(std::string_view(*text));
  return bind_null();
}

Statement& Statement::bind(const std::optional<int64_t>& value) {
  if (value) return bind(*value);
  return bind_null();
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  cursor_->reset();
  num_bound_ = 0;
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Transaction::Transaction(Connection& connection, Mode mode) : connection_(connection) {
  if (mode == Mode::Write) {
    connection_.begin_writing();
  } else {
    connection_.begin_reading();
  }
}

Transaction::~Transaction() {
  // A failing COMMIT may or may not have ended the transaction already.
  if (connection_.is_in_transaction()) connection_.roll_back();
}

}  // namespace jammi::catalog
