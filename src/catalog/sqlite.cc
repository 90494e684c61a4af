#include "catalog/sqlite.h"

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include <jammi/error.h>

namespace jammi::catalog {
namespace {

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

constexpr size_t kMaxIdleStatements = 256;

using OwnedStatement = std::unique_ptr<sqlite3_stmt, decltype([](sqlite3_stmt* s) { sqlite3_finalize(s); })>;

/// Prepared statements by their text.
using PreparedStatements = std::unordered_multimap<std::string, OwnedStatement>;

/// The start of a statement, for messages.
std::string beginning(std::string_view sql) {
  return std::string(sql.substr(0, 60));
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Backend backend() const override { return Backend::Sqlite; }
  std::unique_ptr<Cursor> prepare(std::string_view sql) override;
  void execute(std::string_view sql) override;
  std::unique_ptr<Loader> load(std::string_view, std::vector<LoadedColumn>) override { return nullptr; }
  int64_t num_changed_rows() const override { return sqlite3_changes64(handle_); }
  void begin_writing() override { execute("BEGIN IMMEDIATE"); }
  void begin_reading() override { execute("BEGIN"); }
  void commit() override { execute("COMMIT"); }
  void roll_back() noexcept override { sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr); }
  bool is_in_transaction() const override { return sqlite3_get_autocommit(handle_) == 0; }
  void make_durable() override { execute("PRAGMA wal_checkpoint(PASSIVE)"); }
  bool is_alive() override { return true; }

  /// Keeps a statement for the next `prepare` of its text.
  void take_back(PreparedStatements::node_type statement) noexcept;

  /// Throws the connection's current error. `activity` says what was being done.
  [[noreturn]] void throw_error(std::string_view activity) const;

 private:
  void configure(std::chrono::milliseconds busy_timeout);

  std::string file_;
  sqlite3* handle_ = nullptr;
  PreparedStatements idle_;
};

class SqliteCursor final : public Cursor {
 public:
  SqliteCursor(SqliteConnection& connection, PreparedStatements::node_type statement)
      : connection_(connection), statement_(std::move(statement)), handle_(statement_.mapped().get()) {}
  ~SqliteCursor() override { connection_.take_back(std::move(statement_)); }
  SqliteCursor(const SqliteCursor&) = delete;
  SqliteCursor& operator=(const SqliteCursor&) = delete;

  void bind_null(int parameter) override { check(sqlite3_bind_null(handle_, parameter)); }
  void bind(int parameter, std::string_view text) override {
    check(sqlite3_bind_text64(handle_, parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                              SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void bind(int parameter, int64_t value) override { check(sqlite3_bind_int64(handle_, parameter, value)); }
  void bind(int parameter, double value) override { check(sqlite3_bind_double(handle_, parameter, value)); }
  void bind_bytes(int parameter, std::string_view bytes) override {
    check(sqlite3_bind_blob64(handle_, parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                              SQLITE_TRANSIENT));
  }

  bool step() override {
    const int result = sqlite3_step(handle_);
    check(result);
    return result == SQLITE_ROW;
  }
  void reset() override { sqlite3_reset(handle_); }  // repeats the error of the last step, if there was one

  bool is_null(int column) const override { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  std::string text(int column) const override {
    return std::string(value(column, reinterpret_cast<const char*>(sqlite3_column_text(handle_, column))));
  }
  int64_t integer(int column) const override { return sqlite3_column_int64(handle_, column); }
  double real(int column) const override { return sqlite3_column_double(handle_, column); }
  std::string_view bytes(int column) const override {
    return value(column, static_cast<const char*>(sqlite3_column_blob(handle_, column)));
  }

 private:
  std::string_view value(int column, const char* data) const {
    if (data == nullptr) return {};
    return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
  }

  void check(int result) const {
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) return;
    connection_.throw_error("running " + beginning(sqlite3_sql(handle_)));
  }

  SqliteConnection& connection_;
  PreparedStatements::node_type statement_;
  sqlite3_stmt* handle_;
};

SqliteConnection::SqliteConnection(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout)
    : file_(file.string()) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
  try {
    if (result != SQLITE_OK) throw_error("opening it");
    configure(busy_timeout);
    idle_.reserve(kMaxIdleStatements);  // so that taking back never allocates
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

SqliteConnection::~SqliteConnection() {
  idle_.clear();
  sqlite3_close(handle_);
}

void SqliteConnection::configure(std::chrono::milliseconds busy_timeout) {
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

std::unique_ptr<Cursor> SqliteConnection::prepare(std::string_view sql) {
  auto statement = idle_.find(std::string(sql));
  if (statement == idle_.end()) {
    sqlite3_stmt* prepared = nullptr;
    const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (result != SQLITE_OK) throw_error("preparing " + beginning(sql));
    statement = idle_.emplace(sql, OwnedStatement(prepared));
  }
  return std::make_unique<SqliteCursor>(*this, idle_.extract(statement));
}

void SqliteConnection::take_back(PreparedStatements::node_type statement) noexcept {
  sqlite3_reset(statement.mapped().get());  // repeats the error of the last step, if there was one
  sqlite3_clear_bindings(statement.mapped().get());
  if (idle_.size() < kMaxIdleStatements) idle_.insert(std::move(statement));
}

void SqliteConnection::execute(std::string_view sql) {
  if (sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw_error("running " + beginning(sql));
}

void SqliteConnection::throw_error(std::string_view activity) const {
  const Verdict verdict = verdict_on(sqlite3_extended_errcode(handle_));
  throw Error(verdict.code, ErrorCategory::Catalog,
              std::string(verdict.sentence) + ": " + file_ + ": " + sqlite3_errmsg(handle_))
      .add_activity(activity);
}

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file,
                                        std::chrono::milliseconds busy_timeout) {
  return std::make_unique<SqliteConnection>(file, busy_timeout);
}

}  // namespace jammi::catalog
