#include "catalog/postgres.h"

#include <charconv>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <poll.h>

#include <jammi/error.h>

#include "base/server_url.h"
#include "catalog/postgres_dialect.h"
#include "catalog/postgres_error.h"
#include "catalog/postgres_library.h"
#include "catalog/postgres_text.h"

namespace jammi::catalog {
namespace {

constexpr std::string_view kExampleUrl = "postgresql://user:password@host:5432/database";
constexpr size_t kMaxPreparedStatements = 256;
constexpr int kRowsPerChunk = 1024;
constexpr size_t kBytesPerSend = 64 << 10;

// Types that are not read as the text that they come in.
constexpr Oid kBoolean = 16;
constexpr Oid kBytes = 17;

constexpr std::string_view kBeginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ";

using Result =
    std::unique_ptr<PGresult, decltype([](PGresult* result) { postgres_library().clear(result); })>;

class PostgresConnection;

class PostgresCursor final : public Cursor {
 public:
  PostgresCursor(PostgresConnection& connection, std::string_view sql) : connection_(connection), sql_(sql) {}
  ~PostgresCursor() override;
  PostgresCursor(const PostgresCursor&) = delete;
  PostgresCursor& operator=(const PostgresCursor&) = delete;

  void bind_null(int parameter) override { set(parameter, std::nullopt); }
  void bind(int parameter, std::string_view text) override;
  void bind(int parameter, int64_t value) override { set(parameter, std::to_string(value)); }
  void bind(int parameter, double value) override { set(parameter, postgres_number(value)); }
  void bind_bytes(int parameter, std::string_view bytes) override { set(parameter, postgres_bytes(bytes)); }

  bool step() override;
  void reset() override;

  bool is_null(int column) const override { return pq_.getisnull(current(), row_, column) != 0; }
  std::string text(int column) const override { return std::string(value(column)); }
  int64_t integer(int column) const override;
  double real(int column) const override;
  std::string_view bytes(int column) const override;

 private:
  friend class PostgresConnection;

  void set(int parameter, std::optional<std::string> value);
  PGresult* current() const { return chunks_.front().get(); }
  std::string_view value(int column) const {
    return {pq_.getvalue(current(), row_, column),
            static_cast<size_t>(pq_.getlength(current(), row_, column))};
  }

  const PostgresLibrary& pq_ = postgres_library();
  PostgresConnection& connection_;
  std::string sql_;
  std::vector<std::optional<std::string>> parameters_;
  bool is_started_ = false;
  std::deque<Result> chunks_;                // that arrived; the first is being read
  int row_ = -1;                             // of the first
  mutable std::deque<std::string> decoded_;  // byte strings of the current row
};

/// A COPY into a table.
class PostgresLoader final : public Loader {
 public:
  PostgresLoader(PostgresConnection& connection, std::vector<LoadedColumn> columns)
      : connection_(connection), columns_(std::move(columns)) {}
  ~PostgresLoader() override;
  PostgresLoader(const PostgresLoader&) = delete;
  PostgresLoader& operator=(const PostgresLoader&) = delete;

  void add(std::span<const Value> row) override;
  void finish() override;

 private:
  PostgresConnection& connection_;
  const std::vector<LoadedColumn> columns_;
  std::string lines_;  // that have not been sent
  bool is_open_ = true;
};

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const std::string& url, std::chrono::milliseconds lock_timeout);
  ~PostgresConnection() override { pq_.finish(handle_); }
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Backend backend() const override { return Backend::Postgres; }
  std::unique_ptr<Cursor> prepare(std::string_view sql) override {
    return std::make_unique<PostgresCursor>(*this, sql);
  }
  void execute(std::string_view sql) override;
  std::unique_ptr<Loader> load(std::string_view table, std::vector<LoadedColumn> columns) override;
  int64_t num_changed_rows() const override { return num_changed_rows_; }
  void begin_writing() override;
  void begin_reading() override { run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
  void commit() override;
  void roll_back() noexcept override;
  bool is_in_transaction() const override;
  void make_durable() override {}  // as every COMMIT is
  bool is_alive() override;

  // For cursors, of which one at a time has rows on their way.
  void start(PostgresCursor& cursor);
  Result next_result(PostgresCursor& cursor);  // null at the end
  void stop(PostgresCursor& cursor) noexcept;
  void check(const Result& result, std::string_view activity, std::string_view sql);

  // For a loader.
  void send(std::string_view lines);
  void end_copy();
  void abandon_copy() noexcept;

 private:
  void run(const std::string& sql);
  void count_changes(const Result& result);
  void take_pending_rows();
  const std::string& prepared_name(const std::string& sql);
  [[noreturn]] void throw_lost() const;
  void connect(const std::string& url);

  const PostgresLibrary& pq_ = postgres_library();
  std::string address_;
  PGconn* handle_ = nullptr;
  std::unordered_map<std::string, std::string> prepared_;  // names by text
  size_t num_prepared_ = 0;
  PostgresCursor* sending_ = nullptr;  // whose rows are on their way
  int64_t num_changed_rows_ = 0;
};

// --- PostgresCursor

PostgresCursor::~PostgresCursor() {
  connection_.stop(*this);
}

void PostgresCursor::set(int parameter, std::optional<std::string> value) {
  if (parameters_.size() < static_cast<size_t>(parameter)) parameters_.resize(static_cast<size_t>(parameter));
  parameters_[static_cast<size_t>(parameter) - 1] = std::move(value);
}

void PostgresCursor::bind(int parameter, std::string_view text) {
  require_no_nul(text);
  set(parameter, std::string(text));
}

void PostgresCursor::reset() {
  connection_.stop(*this);
  is_started_ = false;
  chunks_.clear();
  row_ = -1;
}

bool PostgresCursor::step() {
  if (!is_started_) connection_.start(*this);
  decoded_.clear();
  ++row_;
  while (true) {
    if (chunks_.empty()) {
      Result arrived = connection_.next_result(*this);
      if (!arrived) return false;
      chunks_.push_back(std::move(arrived));
    }
    connection_.check(chunks_.front(), "running ", sql_);
    if (row_ < pq_.ntuples(current())) return true;
    chunks_.pop_front();
    row_ = 0;
  }
}

int64_t PostgresCursor::integer(int column) const {
  const std::string_view text = value(column);
  if (pq_.ftype(current(), column) == kBoolean) return text == "t";
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

double PostgresCursor::real(int column) const {
  const std::string_view text = value(column);
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view PostgresCursor::bytes(int column) const {
  std::string_view text = value(column);
  if (pq_.ftype(current(), column) != kBytes) return text;
  std::string& bytes = decoded_.emplace_back();
  for (text.remove_prefix(std::min<size_t>(2, text.size())); text.size() >= 2; text.remove_prefix(2)) {
    uint8_t byte = 0;
    std::from_chars(text.data(), text.data() + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

// --- PostgresLoader

PostgresLoader::~PostgresLoader() {
  if (is_open_) connection_.abandon_copy();
}

void PostgresLoader::add(std::span<const Value> row) {
  append_copy_line(lines_, row, columns_);
  if (lines_.size() < kBytesPerSend) return;
  connection_.send(lines_);
  lines_.clear();
}

void PostgresLoader::finish() {
  connection_.send(lines_);
  is_open_ = false;
  connection_.end_copy();
}

// --- PostgresConnection

PostgresConnection::PostgresConnection(const std::string& url, std::chrono::milliseconds lock_timeout)
    : address_(postgres_address(url)) {
  try {
    connect(url);
    pq_.setNoticeReceiver(handle_, [](void*, const PGresult*) {}, nullptr);  // not to standard error
    execute("SET lock_timeout = " + std::to_string(lock_timeout.count()) +
            "; SET standard_conforming_strings = on; SET bytea_output = hex; SET extra_float_digits = 1");
  } catch (...) {
    pq_.finish(handle_);
    throw;
  }
}

void PostgresConnection::connect(const std::string& url) {
  // What stands before the URL are defaults; what stands behind it, it cannot change. A server that swallows
  // packets must not hold up a statement for minutes.
  const std::pair<const char*, const char*> parameters[] = {
      {"connect_timeout", "10"},     {"tcp_user_timeout", "30000"},
      {"keepalives_idle", "30"},     {"keepalives_interval", "10"},
      {"application_name", "jammi"}, {"dbname", url.c_str()},
      {"client_encoding", "UTF8"},   {nullptr, nullptr},
  };
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name);
    values.push_back(value);
  }
  handle_ = pq_.connectdbParams(names.data(), values.data(), 1);
  if (pq_.status(handle_) == CONNECTION_OK) return;
  const std::string_view message = pq_.errorMessage(handle_);
  // Nothing tells the SQLSTATE of a connection that failed, but a server that asked for the password is
  // there.
  const bool is_refused =
      pq_.connectionNeedsPassword(handle_) != 0 || pq_.connectionUsedPassword(handle_) != 0;
  if (is_refused) throw postgres_error("28000", address_, message);
  throw postgres_unavailable(address_, message);
}

void PostgresConnection::check(const Result& result, std::string_view activity, std::string_view sql) {
  switch (pq_.resultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_TUPLES_CHUNK:
    case PGRES_COPY_IN:
    case PGRES_EMPTY_QUERY:
      return;
    default:
      break;
  }
  const char* sqlstate = pq_.resultErrorField(result.get(), PG_DIAG_SQLSTATE);
  if (sqlstate == nullptr) throw_lost();  // it is libpq that reports
  prepared_.erase(std::string(sql));      // which may be made for columns that are others by now
  throw postgres_error(sqlstate, address_, pq_.resultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY))
      .add_activity(std::string(activity) + std::string(sql.substr(0, 60)));
}

void PostgresConnection::throw_lost() const {
  throw postgres_error("08006", address_, pq_.errorMessage(handle_));
}

void PostgresConnection::run(const std::string& sql) {
  take_pending_rows();
  const Result result(pq_.exec(handle_, sql.c_str()));
  check(result, "running ", sql);
  count_changes(result);
}

void PostgresConnection::count_changes(const Result& result) {
  if (std::string_view(pq_.cmdStatus(result.get())).starts_with("SELECT")) return;
  const std::string_view digits = pq_.cmdTuples(result.get());
  if (!digits.empty()) std::from_chars(digits.data(), digits.data() + digits.size(), num_changed_rows_);
}

void PostgresConnection::execute(std::string_view sql) {
  run(to_postgres(sql));
}

std::unique_ptr<Loader> PostgresConnection::load(std::string_view table, std::vector<LoadedColumn> columns) {
  std::string names;
  for (const LoadedColumn& column : columns) names += (names.empty() ? "" : ", ") + quote_name(column.name);
  run("COPY " + quote_name(table) + " (" + names + ") FROM STDIN");
  return std::make_unique<PostgresLoader>(*this, std::move(columns));
}

void PostgresConnection::send(std::string_view lines) {
  if (pq_.putCopyData(handle_, lines.data(), static_cast<int>(lines.size())) != 1) throw_lost();
}

void PostgresConnection::end_copy() {
  if (pq_.putCopyEnd(handle_, nullptr) != 1) throw_lost();
  const Result outcome(pq_.getResult(handle_));
  while (Result(pq_.getResult(handle_))) {
  }
  check(outcome, "running ", "COPY");
}

void PostgresConnection::abandon_copy() noexcept {
  pq_.putCopyEnd(handle_, "abandoned");
  while (Result(pq_.getResult(handle_))) {
  }
}

void PostgresConnection::begin_writing() {
  try {
    run(std::string(kBeginWriting) + kHoldsWriteLock);
  } catch (...) {
    roll_back();
    throw;
  }
}

void PostgresConnection::commit() {
  take_pending_rows();
  const Result result(pq_.exec(handle_, "COMMIT"));
  if (pq_.status(handle_) != CONNECTION_OK) {
    throw postgres_unavailable(address_, "lost during a COMMIT, whose change may or may not be stored");
  }
  check(result, "running ", "COMMIT");
  if (std::string_view(pq_.cmdStatus(result.get())) != "COMMIT") {
    throw postgres_error("25P02", address_, "nothing of it was stored");
  }
}

void PostgresConnection::roll_back() noexcept {
  if (sending_ != nullptr) stop(*sending_);
  pq_.clear(pq_.exec(handle_, "ROLLBACK"));  // a connection that is lost has rolled back
}

bool PostgresConnection::is_in_transaction() const {
  const PGTransactionStatusType status = pq_.transactionStatus(handle_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

bool PostgresConnection::is_alive() {
  if (pq_.status(handle_) != CONNECTION_OK) return false;
  // A server that was asked nothing has nothing to say but that it leaves.
  pollfd socket{.fd = pq_.socket(handle_), .events = POLLIN, .revents = 0};
  return ::poll(&socket, 1, 0) == 0;
}

const std::string& PostgresConnection::prepared_name(const std::string& sql) {
  if (const auto known = prepared_.find(sql); known != prepared_.end()) return known->second;
  if (prepared_.size() == kMaxPreparedStatements) {
    run("DEALLOCATE ALL");
    prepared_.clear();
  }
  std::string name = "jammi" + std::to_string(num_prepared_++);
  const Result result(pq_.prepare(handle_, name.c_str(), to_postgres(sql).c_str(), 0, nullptr));
  check(result, "preparing ", sql);
  return prepared_.emplace(sql, std::move(name)).first->second;
}

void PostgresConnection::start(PostgresCursor& cursor) {
  cursor.is_started_ = true;
  take_pending_rows();
  const std::string& name = prepared_name(cursor.sql_);
  std::vector<const char*> values;
  for (const auto& parameter : cursor.parameters_) values.push_back(parameter ? parameter->c_str() : nullptr);
  if (pq_.sendQueryPrepared(handle_, name.c_str(), static_cast<int>(values.size()), values.data(), nullptr,
                            nullptr, 0) == 0) {
    throw_lost();
  }
  pq_.setChunkedRowsMode(handle_, kRowsPerChunk);
  sending_ = &cursor;
}

Result PostgresConnection::next_result(PostgresCursor& cursor) {
  if (sending_ != &cursor) return nullptr;
  Result result(pq_.getResult(handle_));
  if (result) {
    count_changes(result);
  } else {
    sending_ = nullptr;
  }
  return result;
}

void PostgresConnection::take_pending_rows() {
  if (sending_ == nullptr) return;
  PostgresCursor& cursor = *sending_;
  while (Result result = next_result(cursor)) cursor.chunks_.push_back(std::move(result));
}

void PostgresConnection::stop(PostgresCursor& cursor) noexcept {
  while (next_result(cursor)) {
  }
}

}  // namespace

std::string postgres_address(const std::string& url) {
  const auto refuse = [](std::string_view why) {
    return Error(ErrorCode::InvalidArgument, ErrorCategory::Config,
                 "catalog.url: " + std::string(why) + ", expected one like " + std::string(kExampleUrl));
  };
  if (url.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Config,
                "catalog.url is required when catalog.kind is postgres");
  }
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
    throw refuse("the URL has another scheme");
  }
  const auto parts = base::split_server_url(url);
  if (!parts) throw refuse(parts.error());
  return parts->shown_as("postgresql");
}

std::unique_ptr<Connection> connect_postgres(const std::string& url, std::chrono::milliseconds lock_timeout) {
  return std::make_unique<PostgresConnection>(url, lock_timeout);
}

}  // namespace jammi::catalog
