#include "model/text_model.h"

namespace jammi::model {

nn::PackedBatchView view(const text::TokenBatch& batch) {
  return {batch.token_ids, batch.offsets};
}

}  // namespace jammi::model
