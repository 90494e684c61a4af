#pragma once

#include <stddef.h>
#include <stdint.h>

/// C ABI of the Rust library in this folder; `lib.rs` implements it and `tokenizer.cc` is its only user.
/// A function that can fail returns NULL or an error text that the caller frees. No call unwinds, prints or
/// starts a thread. All calls on one tokenizer may run at the same time except jammi_tokenizer_free.
extern "C" {

struct jammi_tokenizer;

struct jammi_tokenizer_text {
  const char* data;
  size_t size;
};

/// Owned by the Rust side until jammi_tokenizer_free_batch.
struct jammi_tokenizer_batch {
  const int32_t* token_ids;
  const int32_t* ends;   ///< one per text: its end in token_ids
  const int32_t* spans;  ///< begin and end code point of every token, or NULL
  size_t num_tokens;
  size_t num_texts;
};

/// Reads the bytes of a tokenizer.json, dropping its truncation and padding.
char* jammi_tokenizer_load(const uint8_t* json, size_t size, jammi_tokenizer** tokenizer);
void jammi_tokenizer_free(jammi_tokenizer* tokenizer);
void jammi_tokenizer_free_error(char* error);

size_t jammi_tokenizer_vocab_size(const jammi_tokenizer* tokenizer);

/// -1 when there is no such token.
int64_t jammi_tokenizer_token_to_id(const jammi_tokenizer* tokenizer, jammi_tokenizer_text token);

char* jammi_tokenizer_encode(const jammi_tokenizer* tokenizer, const jammi_tokenizer_text* texts,
                             size_t num_texts, size_t max_tokens, bool with_spans,
                             jammi_tokenizer_batch* batch);
void jammi_tokenizer_free_batch(jammi_tokenizer_batch* batch);
}
