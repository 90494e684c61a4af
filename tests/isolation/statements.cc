#include "statements.h"

#include <fstream>

namespace jammi::isolation {

std::vector<Statement> read_statements(const std::filesystem::path& file) {
  std::ifstream lines(file);
  std::vector<Statement> statements;
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("-- ")) {
      name = line.substr(3);
    } else if (!line.empty()) {
      statements.push_back({name, line});
    }
  }
  return statements;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace jammi::isolation
