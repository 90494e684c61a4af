#include "model/model_identity.h"

#include "base/hash.h"
#include "io/local_file_system.h"

namespace jammi::model {

std::string file_digest(const std::filesystem::path& path) {
  base::Sha256 hash;
  hash.update(io::local_file_system()->map(path.string())->bytes());
  return hash.finish();
}

}  // namespace jammi::model
