#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <jammi/database.h>
#include <jammi/error.h>
#include <jammi/mutable_table.h>

#include "base/testing.h"
#include "catalog/testing.h"
#include "sql/testing.h"
#include "storage/result_store.h"

// Runs the scripts beside this file; README.md describes their commands.
namespace jammi {
namespace {

using catalog::Backend;
using sql::testing::Row;

struct Command {
  size_t line = 0;  // where it starts, from 1
  std::vector<std::string> words;
  std::vector<std::string> body;
};

std::string joined(std::vector<std::string>::const_iterator begin,
                   std::vector<std::string>::const_iterator end, const char* separator) {
  std::string text;
  for (auto part = begin; part != end; ++part) text += (part == begin ? "" : separator) + *part;
  return text;
}

std::vector<std::string> split_words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// A file's lines may be empty, so its command ends at "----"; the others end at an empty line.
std::vector<Command> parse_script(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Command> commands;
  std::optional<Command> open;
  auto close = [&] {
    if (open) commands.push_back(std::move(*open));
    open.reset();
  };
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!open) {
      if (line.empty() || line.starts_with('#')) continue;
      open = Command{.line = number, .words = split_words(line), .body = {}};
      continue;
    }
    bool is_file = open->words[0] == "file";
    if (is_file ? line == "----" : line.empty()) {
      close();
    } else {
      open->body.push_back(line);
    }
  }
  close();
  return commands;
}

class ScriptRun {
 public:
  explicit ScriptRun(Backend backend) : catalog_(backend) {
    Config config = default_config();
    config.artifact_dir = directory_.path() / "artifacts";
    config.engine.execution_threads = 2;
    if (backend == Backend::Postgres) {
      config.catalog.kind = Config::CatalogKind::Postgres;
      config.catalog.url = catalog_.url();
    }
    database_ = Database::open(config);
    variables_["${dir}"] = directory_.path().string();
  }

  void run(Command command) {
    for (std::string& word : command.words) word = expanded(word);
    for (std::string& line : command.body) line = expanded(line);
    static const std::map<std::string, void (ScriptRun::*)(const Command&)> kVerbs{
        {"file", &ScriptRun::write_file},         {"cut", &ScriptRun::cut_file},
        {"parquet", &ScriptRun::write_parquet},   {"source", &ScriptRun::add_source},
        {"result", &ScriptRun::add_result},       {"table", &ScriptRun::add_mutable_table},
        {"tenant", &ScriptRun::bind_tenant},      {"query", &ScriptRun::check_query},
        {"contains", &ScriptRun::check_contains}, {"error", &ScriptRun::check_error},
        {"each", &ScriptRun::check_each_error}};
    auto verb = kVerbs.find(command.words[0]);
    if (verb == kVerbs.end()) {
      ADD_FAILURE() << "no such command: " << command.words[0];
      return;
    }
    (this->*verb->second)(command);
  }

 private:
  std::string expanded(std::string text) const {
    for (const auto& [name, value] : variables_) {
      for (size_t at; (at = text.find(name)) != std::string::npos;) text.replace(at, name.size(), value);
    }
    return text;
  }

  std::string path_of(const std::string& name) const {
    return (directory_.path() / name).string();  // an absolute name stays what it is
  }

  std::string new_file(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(path_of(name)).parent_path());
    return path_of(name);
  }

  void write_file(const Command& command) {
    std::ofstream file(new_file(command.words.at(1)), std::ios::binary);
    for (const std::string& line : command.body) file << line << '\n';
  }

  void cut_file(const Command& command) {
    std::filesystem::resize_file(path_of(command.words.at(1)), std::stoull(command.words.at(2)));
  }

  void write_parquet(const Command& command) {
    auto table = database_->sql(joined(command.body.begin(), command.body.end(), "\n"))->ToTable();
    throw_if_error(table.status());
    auto file = arrow::io::FileOutputStream::Open(new_file(command.words.at(1)));
    throw_if_error(file.status());
    throw_if_error(parquet::arrow::WriteTable(**table, arrow::default_memory_pool(), *file, 1000));
    throw_if_error((*file)->Close());
  }

  void add_source(const Command& command) {
    const std::vector<std::string>& words = command.words;
    SourceConnection connection{
        .url = path_of(words.at(3)), .format = parse_file_format(words.at(2)), .options = {}};
    auto add = [&] { database_->add_source(words.at(1), SourceType::File, connection); };
    if (command.body.empty()) return add();
    std::vector<std::string> expected = split_words(command.body[0]);
    expect_error(expected.at(1), joined(expected.begin() + 2, expected.end(), " "), add);
  }

  void add_result(const Command& command) {
    storage::TableDefinition definition;
    definition.source_id = command.words.at(1);
    definition.task = ModelTask::TextEmbedding;
    definition.dimensions = 2;
    definition.key_column = "id";
    definition.model.id = "org/all-MiniLM-L6-v2";
    auto writer = database_->results().create(definition);
    std::vector<std::string> ids{"1", "2"};
    std::vector<float> vectors{1, 0, 0, 1};
    writer->append(ids, vectors);
    writer->seal();
    variables_["${result}"] = writer->finish().table_name;
  }

  void add_mutable_table(const Command& command) {
    MutableTableBuilder table(command.words.at(1));
    for (const std::string& line : command.body) {
      const std::vector<std::string> words = split_words(line);
      const std::vector<std::string> names(words.begin() + 1, words.end());
      if (words[0] == "key") {
        table.primary_key(names);
      } else if (words[0] == "index" || words[0] == "unique") {
        table.index({.name = names.at(0),
                     .columns = {names.begin() + 1, names.end()},
                     .is_unique = words[0] == "unique"});
      } else if (words.size() == 3 && words[2] == "NULL") {
        table.nullable_column(words[0], parse_column_type(words[1]));
      } else {
        table.column(words[0], parse_column_type(words.at(1)));
      }
    }
    database_->create_mutable_table(table.build());
  }

  void bind_tenant(const Command& command) {
    if (command.words.at(1) == "none") return database_->unbind_tenant();
    database_->bind_tenant(TenantId::parse(command.words[1]));
  }

  void check_query(const Command& command) {
    auto divider = std::find(command.body.begin(), command.body.end(), "----");
    std::vector<std::string> expected(divider == command.body.end() ? divider : divider + 1,
                                      command.body.end());
    std::vector<std::string> actual;
    for (const Row& row :
         sql::testing::read_rows(*database_->sql(joined(command.body.begin(), divider, "\n")))) {
      std::string text;
      for (const std::string& cell : row)
        text += (&cell == &row[0] ? "" : "|") + (cell.empty() ? "(empty)" : cell);
      actual.push_back(text);
    }
    if (command.words.size() > 1 && command.words[1] == "sorted") std::ranges::sort(actual);
    EXPECT_EQ(actual, expected);
  }

  void check_contains(const Command& command) {
    std::string all;
    for (const Row& row :
         sql::testing::read_rows(*database_->sql(joined(command.body.begin(), command.body.end(), "\n")))) {
      for (const std::string& cell : row) all += cell + '\n';
    }
    std::string fragment = joined(command.words.begin() + 1, command.words.end(), " ");
    EXPECT_NE(all.find(fragment), std::string::npos) << all;
  }

  void check_error(const Command& command) {
    expect_error(command.words.at(1), joined(command.words.begin() + 2, command.words.end(), " "), [&] {
      sql::testing::read_rows(*database_->sql(joined(command.body.begin(), command.body.end(), "\n")));
    });
  }

  void check_each_error(const Command& command) {
    for (const std::string& statement : command.body) {
      SCOPED_TRACE(statement);
      expect_error(command.words.at(2), "", [&] { sql::testing::read_rows(*database_->sql(statement)); });
    }
  }

  void expect_error(const std::string& code, const std::string& fragment, const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "no error, expected " << code;
    } catch (const Error& error) {
      std::string text = error.what();
      EXPECT_EQ(error_traits(error.code()).name, code) << text;
      EXPECT_NE(text.find(fragment), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_FALSE(error.message().empty());
    }
  }

  testing::TemporaryDirectory directory_;
  catalog::testing::CatalogPlace catalog_;
  std::unique_ptr<Database> database_;
  std::map<std::string, std::string> variables_;
};

/// A script and the backend of its database's catalog.
class SqlScript : public ::testing::TestWithParam<std::tuple<std::string, Backend>> {};

TEST_P(SqlScript, gives_what_it_says) {
  const auto& [name, backend] = GetParam();
  ScriptRun run(backend);
  std::vector<Command> commands =
      parse_script(std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/sql" / (name + ".test"));
  ASSERT_FALSE(commands.empty());
  for (Command& command : commands) {
    SCOPED_TRACE(name + ".test:" + std::to_string(command.line));
    try {
      run.run(std::move(command));
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

std::vector<std::string> script_names() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(JAMMI_SOURCE_DIR) + "/tests/sql")) {
    if (entry.path().extension() == ".test") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string test_name(const ::testing::TestParamInfo<SqlScript::ParamType>& script) {
  const auto& [name, backend] = script.param;
  return name + "_on_" + std::string(to_string(backend));
}

INSTANTIATE_TEST_SUITE_P(, SqlScript,
                         ::testing::Combine(::testing::ValuesIn(script_names()),
                                            ::testing::Values(Backend::Sqlite, Backend::Postgres)),
                         test_name);

}  // namespace
}  // namespace jammi
