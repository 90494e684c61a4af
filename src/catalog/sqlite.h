#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace jammi::catalog {

/// One connection to a SQLite file, used by one thread at a time.
///
/// Errors of all classes here have the Catalog category and name the file: DataCorruption (damaged, or not a
/// database), ResourceExhausted (device full), Unavailable (still locked after the timeout), AlreadyExists (a
/// unique key is taken), Conflict (a row that others refer to), InvalidArgument (file or directory not
/// writable).
class Connection {
 public:
  /// Opens or creates `file` in WAL mode with foreign keys on and synchronous NORMAL; statements wait up to
  /// `busy_timeout` for other writers.
  Connection(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one or several statements that return nothing.
  void execute(const std::string& sql);

  /// Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t num_changed_rows() const;

  bool is_in_transaction() const;

  sqlite3* handle() const { return handle_; }

  /// The prepared form of `sql`, kept from an earlier use or new; its user returns it by `give_back`.
  sqlite3_stmt* prepare(std::string_view sql);

  /// Resets a prepared statement and keeps it for the next use, or frees it when enough are kept.
  void give_back(sqlite3_stmt* statement) noexcept;

  /// Throws the connection's current error. `activity` says what was being done.
  [[noreturn]] void throw_error(std::string_view activity) const;

 private:
  void configure(std::chrono::milliseconds busy_timeout);

  std::string file_;
  sqlite3* handle_ = nullptr;
  std::unordered_multimap<std::string, sqlite3_stmt*> idle_statements_;  ///< by their text
};

/// One use of a prepared statement of a connection, which must outlive it. Parameters are numbered from 1 by
/// call order.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text);
  Statement& bind(int64_t value);
  Statement& bind(const std::optional<std::string>& text);
  Statement& bind(const std::optional<int64_t>& value);
  Statement& bind(double value);
  Statement& bind_bytes(std::string_view bytes);
  Statement& bind_null();

  /// Advances to the next row; false when there is none.
  bool step();

  /// Runs to the end, for statements that return nothing.
  void run();

  /// Readies the statement for another run with other parameters.
  void reset();

  /// Columns of the current row, numbered from 0. NULL reads as empty or 0 in the plain forms.
  std::string text(int column) const;
  int64_t integer(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::optional<int64_t> optional_integer(int column) const;
  bool is_null(int column) const;
  double real(int column) const;

  /// The bytes of a text or binary column, borrowed until the next step.
  std::string_view bytes(int column) const;

 private:
  void check(int result) const;

  Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
  int num_bound_ = 0;
};

/// A transaction: rolled back when destroyed without `commit`.
class Transaction {
 public:
  /// A writing one waits at once until no other writes (BEGIN IMMEDIATE); a reading one sees the state of its
  /// first read until it ends.
  enum class Mode { Write, Read };

  explicit Transaction(Connection& connection, Mode mode = Mode::Write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Connection& connection_;
};

}  // namespace jammi::catalog
