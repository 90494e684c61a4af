#include "storage/table_files.h"

#include <vector>

namespace jammi::storage {

std::string_view table_of_file(std::string_view file_name) {
  return file_name.substr(0, file_name.find('.'));
}

void remove_table_files(io::FileSystem& files, const std::string& root, std::string_view table_name) {
  const std::string parquet = std::string(table_name) + ".parquet";
  bool has_parquet = false;
  for (const std::string& file : files.list(root)) {
    if (table_of_file(file) != table_name || file.ends_with(kLockSuffix)) continue;
    if (file == parquet) {
      has_parquet = true;
    } else {
      files.remove(root + "/" + file);
    }
  }
  if (has_parquet) files.remove(root + "/" + parquet);
}

}  // namespace jammi::storage
