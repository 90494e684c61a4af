#include "catalog/sqlite.h"

#include <new>
#include <thread>
#include <utility>

#include <sqlite3.h>

#include <jammi/error.h>

namespace jammi::catalog {
namespace {

/// Idle statements that a connection keeps; the catalog has fewer than that.
constexpr size_t kMostIdleStatements = 128;

struct Verdict {
  ErrorCode code;
  const char* sentence;
};

Verdict verdict_on(int extended_result) {
  switch (extended_result) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID:
      return {ErrorCode::AlreadyExists, "the catalog already holds this key"};
    default:
      break;
  }
  switch (extended_result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::Unavailable, "the catalog is locked by another writer"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::DataCorruption, "the catalog file is damaged or not a SQLite database"};
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return {ErrorCode::ResourceExhausted, "no space left for the catalog"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::InvalidArgument, "the catalog file cannot be opened for writing"};
    case SQLITE_IOERR:
      return {ErrorCode::Unavailable, "the catalog file cannot be read or written"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::Conflict, "the catalog's rows do not allow this change"};
    default:
      return {ErrorCode::Internal, "a catalog statement failed"};
  }
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout)
    : file_(file.string()) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
  try {
    if (result != SQLITE_OK) throw_error("opening it");
    configure(busy_timeout);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Connection::~Connection() {
  for (const auto& [sql, statement] : idle_statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Connection::configure(std::chrono::milliseconds busy_timeout) {
  sqlite3_busy_timeout(handle_, static_cast<int>(busy_timeout.count()));
  // SQLite reports a busy file without waiting when several connections switch it to WAL at once.
  const auto deadline = std::chrono::steady_clock::now() + busy_timeout;
  while (true) {
    const int result = sqlite3_exec(handle_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) break;
    if ((result & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline)
      throw_error("opening it");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  execute("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON");
}

void Connection::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw_error("running " + sql.substr(0, 60));
}

int64_t Connection::num_changed_rows() const {
  return sqlite3_changes64(handle_);
}

bool Connection::is_in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  if (auto idle = idle_statements_.extract(std::string(sql)); !idle.empty()) return idle.mapped();
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) throw_error("preparing " + std::string(sql.substr(0, 60)));
  return statement;
}

void Connection::give_back(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  try {
    if (idle_statements_.size() < kMostIdleStatements) {
      idle_statements_.emplace(sqlite3_sql(statement), statement);
      return;
    }
  } catch (const std::bad_alloc&) {
    // Preparing it once more costs less than failing a statement that has succeeded.
  }
  sqlite3_finalize(statement);
}

void Connection::throw_error(std::string_view activity) const {
  const Verdict verdict = verdict_on(sqlite3_extended_errcode(handle_));
  throw Error(verdict.code, ErrorCategory::Catalog,
              std::string(verdict.sentence) + ": " + file_ + ": " + sqlite3_errmsg(handle_))
      .add_activity(activity);
}

Statement::Statement(Connection& connection, std::string_view sql)
    : connection_(connection), handle_(connection.prepare(sql)) {}

Statement::~Statement() {
  connection_.give_back(handle_);
}

void Statement::check(int result) const {
  if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) return;
  connection_.throw_error("running " + std::string(sqlite3_sql(handle_)).substr(0, 60));
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(handle_, ++num_bound_, text.data() == nullptr ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int64_t value) {
  check(sqlite3_bind_int64(handle_, ++num_bound_, value));
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

Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(handle_, ++num_bound_, value));
  return *this;
}

Statement& Statement::bind_bytes(std::string_view bytes) {
  check(sqlite3_bind_blob64(handle_, ++num_bound_, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(handle_, ++num_bound_));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(handle_);
  check(result);
  return result == SQLITE_ROW;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);  // returns the failure of the last step, which that step reported
  num_bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

std::optional<int64_t> Statement::optional_integer(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {data == nullptr ? "" : data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

Transaction::Transaction(Connection& connection, Mode mode) : connection_(connection) {
  connection_.execute(mode == Mode::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // A failing COMMIT may or may not have ended the transaction already.
  if (connection_.is_in_transaction())
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.execute("COMMIT");
}

}  // namespace jammi::catalog
