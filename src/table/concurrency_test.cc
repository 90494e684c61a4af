#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/testing.h"
#include "sql/engine.h"
#include "sql/testing.h"
#include "table/store.h"
#include "table/testing.h"

namespace jammi::table {
namespace {

using sql::testing::Row;
using Rows = std::vector<Row>;

constexpr int kNumAccounts = 10;
constexpr int kTotal = 1'000;

/// Whether the tests of this file take their time: in CI, or where JAMMI_STRESS is set.
bool is_thorough() {
  return std::getenv("CI") != nullptr || std::getenv("JAMMI_STRESS") != nullptr;
}

/// Accounts whose balances always add up, and a journal of what was done to them, which a counter counts.
class Bank {
 public:
  explicit Bank(const catalog::testing::CatalogPlace& place)
      : catalog_(place.open()),
        store_(std::make_shared<Store>(catalog_)),
        engine_(testing::engine_over(store_, place.directory())) {}

  void found() {
    store_->create(MutableTableBuilder("accounts")
                       .column("id", ColumnType::Int64)
                       .column("balance", ColumnType::Int64)
                       .primary_key({"id"})
                       .build());
    store_->create(MutableTableBuilder("journal").column("n", ColumnType::Int64).primary_key({"n"}).build());
    run("INSERT INTO mutable.public.accounts SELECT i, 100 FROM range(10) t(i); "
        "INSERT INTO mutable.public.journal VALUES (0)");
  }

  /// Moves one from an account to another and writes the journal's next line.
  void transfer(int from, int to) {
    run("UPDATE mutable.public.accounts SET balance = balance - 1 WHERE id = " + std::to_string(from) +
        "; INSERT INTO mutable.public.journal SELECT max(n) + 1 FROM mutable.public.journal" +
        "; UPDATE mutable.public.accounts SET balance = balance + 1 WHERE id = " + std::to_string(to));
  }

  /// The number of transfers; -1 when the accounts or the journal do not add up.
  int num_transfers() {
    const Rows rows =
        run("SELECT (SELECT sum(balance) FROM mutable.public.accounts), count(*), max(n) "
            "FROM mutable.public.journal");
    const int num_lines = std::stoi(rows.at(0).at(1));
    const bool adds_up = rows[0][0] == std::to_string(kTotal) && std::stoi(rows[0][2]) == num_lines - 1;
    return adds_up ? num_lines - 1 : -1;
  }

  Rows run(const std::string& text) { return sql::testing::read_rows(*engine_.query(text)); }

 private:
  std::shared_ptr<catalog::Catalog> catalog_;
  std::shared_ptr<Store> store_;
  sql::Engine engine_;
};

class MutableTablesUnderLoad : public catalog::testing::BackendTest {};
TEST_ON_BOTH_BACKENDS(MutableTablesUnderLoad);

TEST_P(MutableTablesUnderLoad, eight_writers_and_eight_readers_keep_every_invariant) {
  constexpr int kNumThreads = 8;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(is_thorough() ? 60 : 5);
  const auto is_time_left = [&] { return std::chrono::steady_clock::now() < deadline; };
  Bank bank(place_);
  bank.found();
  std::atomic<int> num_transfers = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kNumThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; is_time_left(); ++round) {
        EXPECT_NO_THROW(bank.transfer((thread + round) % kNumAccounts, (thread * 3) % kNumAccounts));
        ++num_transfers;
      }
    });
    threads.emplace_back([&] {
      int seen = 0;
      while (is_time_left()) {
        const int transfers = bank.num_transfers();
        EXPECT_GE(transfers, seen);
        seen = transfers;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(bank.num_transfers(), num_transfers);
  EXPECT_GE(num_transfers, kNumThreads);
}

/// Transfers until it is killed; says every transfer by a byte.
[[noreturn]] void transfer_forever(const catalog::testing::CatalogPlace& place, int output) {
  try {
    Bank bank(place);
    for (int i = 0;; ++i) {
      bank.transfer(i % kNumAccounts, (i * 7 + 1) % kNumAccounts);
      if (write(output, "t", 1) != 1) _exit(1);
    }
  } catch (...) {
    _exit(1);
  }
}

/// Kills a process in the middle of a transfer: after some, and a random part of the time that one took.
int kill_at_random(pid_t victim, int input, std::mt19937& random) {
  using Clock = std::chrono::steady_clock;
  const int num_awaited = std::uniform_int_distribution(1, 4)(random);
  char byte = 0;
  Clock::duration last{};
  for (int i = 0; i < num_awaited; ++i) {
    const auto start = Clock::now();
    if (read(input, &byte, 1) != 1) break;
    last = Clock::now() - start;
  }
  const auto deadline = Clock::now() + last * std::uniform_real_distribution(0.0, 1.2)(random);
  while (Clock::now() < deadline) {
  }
  kill(victim, SIGKILL);
  return num_awaited;
}

TEST_P(MutableTablesUnderLoad, a_killed_writer_leaves_the_old_state_or_the_new) {
  // A process on PostgreSQL takes three times as long to start.
  const int num_kills = is_thorough() || GetParam() == catalog::Backend::Sqlite ? 200 : 60;
  // The victims are forked from a process without threads: this one never opens an engine.
  const auto in_child = [&](const auto& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  ASSERT_EQ(in_child([&] {
              Bank(place_).found();
              return 0;
            }),
            0);
  std::mt19937 random(20'261'121);
  int num_reported = 0;
  for (int i = 0; i < num_kills; ++i) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t victim = fork();
    if (victim == 0) {
      close(ends[0]);
      transfer_forever(place_, ends[1]);
    }
    close(ends[1]);
    num_reported += kill_at_random(victim, ends[0], random);
    int status = 0;
    waitpid(victim, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    char byte = 0;
    while (read(ends[0], &byte, 1) == 1) ++num_reported;
    close(ends[0]);
  }
  // At most one more than was said for each kill, and never less.
  const auto state_is_sound = [&] {
    const int transfers = Bank(place_).num_transfers();
    return transfers >= num_reported && transfers <= num_reported + num_kills ? 0 : 1;
  };
  EXPECT_EQ(in_child(state_is_sound), 0);
}

}  // namespace
}  // namespace jammi::table
