// Kills a process with SIGKILL while it embeds, at every change it makes to its files and at random moments,
// and checks after each that reopening shows the tables from before or one whole table more, and nothing
// half-written.
//
// usage: embedding_kill_test                          the test
//        embedding_kill_test --embed DIR CHANGE       the victim: embeds once; dies before change number
//        CHANGE
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <string>

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/testing.h"
#include "catalog/catalog.h"
#include "db/open.h"
#include "embedding/embedding_job.h"
#include "index/vector_index.h"
#include "inference/text_embedding_task.h"
#include "io/fault_injecting_file_system.h"
#include "io/local_file_system.h"
#include "model/resolver.h"
#include "model/text_embedder.h"

namespace jammi {
namespace {

constexpr int kNumRows = 400;
constexpr int kNumRandomKills = 200;
constexpr char kTinyBert[] = "local:" JAMMI_SOURCE_DIR "/tests/fixtures/tiny_bert";

Config config_of(const std::filesystem::path& directory) {
  Config config = default_config();
  config.artifact_dir = directory / "artifacts";
  config.engine.execution_threads = 2;
  return config;
}

/// Embeds the source once. Says "go" on standard output when the model is loaded and the job begins.
int embed(const std::filesystem::path& directory, size_t fatal_change) {
  auto files = std::make_shared<io::FaultInjectingFileSystem>(
      io::local_file_system(), [fatal_change](size_t number, std::string_view) {
        if (number == fatal_change) kill(getpid(), SIGKILL);
      });
  auto embedder = model::TextEmbedder::load(
      model::Resolver(Config::Backend::Auto, {}, {}).resolve(model::parse_model_source(kTinyBert)),
      Config::Precision::F32);
  auto database = db::open_database(config_of(directory), files);
  if (write(STDOUT_FILENO, "go", 2) != 2) return 1;
  embedding::run_embedding_job(*database, *inference::make_text_embedding_task(embedder),
                               embedder->identity(), {.source = "notes", .columns = {"text"}, .key = "id"},
                               {}, {});
  return 0;
}

/// A victim process. `wait_for_start` returns when its job begins; `wait` returns whether it finished by
/// itself.
class Victim {
 public:
  Victim(const std::filesystem::path& directory, size_t fatal_change) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      const std::string change = std::to_string(fatal_change);
      execl("/proc/self/exe", "embedding_kill_test", "--embed", directory.c_str(), change.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  ~Victim() { close(output_); }

  bool wait_for_start() {
    char text[2];
    return read(output_, text, sizeof text) == sizeof text;
  }

  /// Kills it unless it ends within `timeout_ms`.
  void kill_after(double timeout_ms) {
    timespec timeout{0, static_cast<long>(timeout_ms * 1e6)};
    pollfd end{output_, 0, 0};  // hang-up: the process is gone
    ppoll(&end, 1, &timeout, nullptr);
    kill(process_, SIGKILL);
  }

  bool wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "exit status " << WEXITSTATUS(status);
    return WIFEXITED(status);
  }

 private:
  pid_t process_ = 0;
  int output_ = -1;
};

class EmbeddingKillTest : public ::testing::Test {
 protected:
  void SetUp() override { start_afresh(); }

  void start_afresh() {
    directory_.emplace();
    const std::string csv = directory_->file("notes.csv");
    std::ofstream rows(csv);
    rows << "id,text\n";
    for (int i = 0; i < kNumRows; ++i) rows << i << ",note number " << i << " about some words\n";
    rows.close();
    Database::open(config_of(directory_->path()))
        ->add_source("notes", SourceType::File, {.url = csv, .format = FileFormat::Csv, .options = {}});
    num_ready_ = 0;
  }

  /// Reopens and checks every table and file. Returns the number of ready tables.
  size_t check_everything_is_whole() {
    const Config config = config_of(directory_->path());
    auto database = Database::open(config);
    std::set<std::string> owners;
    for (const ResultTableRecord& table : database->catalog().result_tables().list()) {
      EXPECT_NE(table.status, ResultTableStatus::Building) << table.table_name;
      if (table.status != ResultTableStatus::Ready) continue;
      owners.insert(table.table_name);
      EXPECT_EQ(table.row_count, kNumRows);
      auto reader = database->sql("SELECT count(DISTINCT _row_id) FROM \"jammi." + table.table_name + "\"");
      std::shared_ptr<arrow::RecordBatch> batch;
      throw_if_error(reader->ReadNext(&batch));
      EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0), kNumRows);
      std::vector<float> query(static_cast<size_t>(*table.dimensions), 1.0f);
      EXPECT_EQ(index::open_vector_index(database->results(), table)->search(query, 5).size(), 5u);
    }
    for (const auto& file : std::filesystem::directory_iterator(config.artifact_dir / "jammi_db")) {
      const std::string name = file.path().filename().string();
      EXPECT_TRUE(owners.contains(name.substr(0, name.find('.')))) << "left behind: " << name;
    }
    return owners.size();
  }

  void expect_old_or_new(bool finished) {
    const size_t num_ready = check_everything_is_whole();
    EXPECT_GE(num_ready, num_ready_ + (finished ? 1 : 0));
    EXPECT_LE(num_ready, num_ready_ + 1);
    num_ready_ = num_ready;
  }

  std::optional<testing::TemporaryDirectory> directory_;
  size_t num_ready_ = 0;
};

TEST_F(EmbeddingKillTest, dying_before_any_change_to_a_file_shows_old_or_new) {
  size_t num_killed = 0;
  for (size_t change = 1;; ++change) {
    Victim victim(directory_->path(), change);
    const bool finished = victim.wait();
    expect_old_or_new(finished);
    if (finished || ::testing::Test::HasFailure()) break;
    ++num_killed;
  }
  EXPECT_GE(num_killed, 5u);
}

TEST_F(EmbeddingKillTest, dying_at_a_random_moment_shows_old_or_new) {
  std::mt19937 random(20260101);
  std::uniform_real_distribution<double> delay_ms(0, 60);
  size_t num_killed = 0;
  for (int i = 0; i < kNumRandomKills && !::testing::Test::HasFailure(); ++i) {
    if (i % 20 == 19) start_afresh();
    Victim victim(directory_->path(), /*fatal_change=*/0);
    ASSERT_TRUE(victim.wait_for_start());
    victim.kill_after(delay_ms(random));
    const bool finished = victim.wait();
    expect_old_or_new(finished);
    num_killed += finished ? 0 : 1;
  }
  EXPECT_GE(num_killed, 20u) << "the delays are too long for this machine";
}

}  // namespace
}  // namespace jammi

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--embed") {
    try {
      return jammi::embed(argv[2], std::stoul(argv[3]));
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
      return 1;
    }
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
