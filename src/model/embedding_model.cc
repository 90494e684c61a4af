#include "model/embedding_model.h"

#include <atomic>

namespace jammi::model {
namespace {

std::atomic<uint64_t> num_loads = 0;

}  // namespace

EmbeddingModel::EmbeddingModel() : load_number_(++num_loads) {}

}  // namespace jammi::model
