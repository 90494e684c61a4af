#pragma once

#include "model/json_file.h"
#include "nn/encoder.h"
#include "nn/head.h"
#include "nn/tensor_source.h"

namespace jammi::model {

/// What a classifier gives a label to.
enum class ClassifierKind { Sequence, Token };

/// A classification head and, for Sequence, what it reads: the pooled hidden states.
struct ClassifierHead {
  nn::Head head;
  nn::Pooling pooling = nn::Pooling::Cls;
};

/// Reads the head that the checkpoint has, recognised by its tensors:
///
///   classifier.dense, classifier.out_proj   a hidden layer with tanh (RoBERTa, MPNet)
///   pre_classifier, classifier              a hidden layer with ReLU (DistilBERT)
///   head.dense, head.norm, classifier       a hidden layer with its activation and norm (ModernBERT), for
///                                           tokens as well; sequences are pooled as `classifier_pooling`
///                                           says
///   bert.pooler.dense, classifier           a hidden layer with tanh (BERT)
///   classification_head.dense, .out_proj    a hidden layer with tanh over the last token (BART)
///   classifier                              no hidden layer
///
/// `hidden_size` is the encoder's width, `num_classes` the number of labels. Throws Model errors naming the
/// file and the tensor or field.
ClassifierHead read_head(const JsonFile& config, const nn::TensorSource& weights, ClassifierKind kind,
                         int64_t hidden_size, int64_t num_classes);

}  // namespace jammi::model
