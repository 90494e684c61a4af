#pragma once

#include <jammi/config.h>

#include "nn/encoder.h"

namespace jammi::model {

/// The precision that a configuration's word means on a device.
nn::Precision choose_precision(Config::Precision precision, const nn::Device& device = {});

}  // namespace jammi::model
