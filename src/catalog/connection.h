#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace jammi::catalog {

/// The kinds of database that can hold a catalog.
enum class Backend { Sqlite, Postgres };

/// "sqlite" or "postgres".
std::string_view to_string(Backend backend);

/// A name as an SQL identifier of the catalog's database.
std::string quote_name(std::string_view name);

/// A prepared statement of one backend. All its parameters, numbered from 1, must be bound before the first
/// step; columns are numbered from 0. `Statement` is what other files use.
class Cursor {
 public:
  virtual ~Cursor() = default;

  virtual void bind_null(int parameter) = 0;
  virtual void bind(int parameter, std::string_view text) = 0;
  virtual void bind(int parameter, int64_t value) = 0;
  virtual void bind(int parameter, double value) = 0;
  virtual void bind_bytes(int parameter, std::string_view bytes) = 0;

  virtual bool step() = 0;
  virtual void reset() = 0;

  virtual bool is_null(int column) const = 0;
  virtual std::string text(int column) const = 0;
  virtual int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view bytes(int column) const = 0;
};

/// NULL, an integer, a float, or the borrowed bytes of a text or binary.
using Value = std::variant<std::monostate, int64_t, double, std::string_view>;

struct LoadedColumn {
  std::string name;
  bool is_binary = false;
};

/// Rows on their way into a table, as `Connection::load` makes it. Destroyed without `finish`, it leaves a
/// transaction that can only be rolled back.
class Loader {
 public:
  virtual ~Loader() = default;

  /// Adds a row of all columns. What is wrong with it may be thrown later.
  virtual void add(std::span<const Value> row) = 0;

  /// Waits until all rows are stored; throws what is wrong with any of them.
  virtual void finish() = 0;
};

/// One connection to a catalog's database, used by one thread at a time. Both backends take the same SQL:
/// parameters are `?` or, to use one twice, `?1`; CURRENT_TIMESTAMP is a UTC text like 2026-03-25 12:00:00.
///
/// Errors of all classes here have the Catalog category and name the file or the server, never a password:
/// DataCorruption (damaged, or not a database), ResourceExhausted (device full), Unavailable (locked past the
/// timeout, or the server cannot be reached), AlreadyExists (a unique key is taken), Conflict (a row that
/// others refer to), InvalidArgument (not writable, or a value that the backend cannot hold).
class Connection {
 public:
  virtual ~Connection() = default;

  virtual Backend backend() const = 0;

  /// A statement may be found wrong here or at its first step.
  virtual std::unique_ptr<Cursor> prepare(std::string_view sql) = 0;

  /// Runs one or several statements that return nothing.
  virtual void execute(std::string_view sql) = 0;

  /// Brings many rows into a table faster than INSERT does; nothing else may be done meanwhile. Null where
  /// nothing is faster.
  virtual std::unique_ptr<Loader> load(std::string_view table, std::vector<LoadedColumn> columns) = 0;

  /// Rows changed by the last INSERT, UPDATE or DELETE that ran to its end.
  virtual int64_t num_changed_rows() const = 0;

  // For `Transaction`.
  virtual void begin_writing() = 0;
  virtual void begin_reading() = 0;
  virtual void commit() = 0;
  virtual void roll_back() noexcept = 0;
  virtual bool is_in_transaction() const = 0;

  /// Makes what was committed so far survive a power cut.
  virtual void make_durable() = 0;

  /// False once the connection is lost: it must be replaced. Asks nobody, so that it costs next to nothing.
  virtual bool is_alive() = 0;

  std::chrono::steady_clock::time_point opened_at() const { return opened_at_; }

 private:
  std::chrono::steady_clock::time_point opened_at_ = std::chrono::steady_clock::now();
};

/// One use of a prepared statement of a connection, which must outlive it. Connections keep what they
/// prepared: a statement that is made again with the same text costs little. Parameters are numbered from 1
/// by call order.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql) : cursor_(connection.prepare(sql)) {}

  Statement& bind(std::string_view text);
  Statement& bind(int64_t value);
  Statement& bind(const std::optional<std::string>& text);
  Statement& bind(const std::optional<int64_t>& value);
  Statement& bind(double value);
  Statement& bind_bytes(std::string_view bytes);
  Statement& bind_null();

  /// Advances to the next row; false when there is none.
  bool step() { return cursor_->step(); }

  /// Runs to the end, for statements that return nothing.
  void run();

  /// Readies the statement for another run with other parameters.
  void reset();

  /// Columns of the current row, numbered from 0. NULL reads as empty or 0 in the plain forms.
  std::string text(int column) const { return cursor_->text(column); }
  int64_t integer(int column) const { return cursor_->integer(column); }
  std::optional<std::string> optional_text(int column) const;
  std::optional<int64_t> optional_integer(int column) const;
  bool is_null(int column) const { return cursor_->is_null(column); }
  double real(int column) const { return cursor_->real(column); }

  /// The bytes of a text or binary column, borrowed until the next step.
  std::string_view bytes(int column) const { return cursor_->bytes(column); }

 private:
  std::unique_ptr<Cursor> cursor_;
  int num_bound_ = 0;
};

/// A transaction: rolled back when destroyed without `commit`.
class Transaction {
 public:
  /// A writing one waits at once until no other writes, over all processes that use the catalog, so that what
  /// it has read is still true when it writes. A reading one sees the state of its first read until it ends.
  enum class Mode { Write, Read };

  explicit Transaction(Connection& connection, Mode mode = Mode::Write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Throws unless everything was stored; when the connection is lost meanwhile, it may have been.
  void commit() { connection_.commit(); }

 private:
  Connection& connection_;
};

}  // namespace jammi::catalog
