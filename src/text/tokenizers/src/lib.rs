//! C ABI over the `tokenizers` crate; `c_api.h` holds the contract.
//!
//! Every entry point turns errors and panics into values: nothing may unwind into C++.

use std::borrow::Cow;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;
use std::sync::Once;

use tokenizers::{Encoding, PostProcessor, Tokenizer, TruncationDirection};

pub struct LoadedTokenizer {
    tokenizer: Tokenizer,
    vocab_size: usize,
    num_special_tokens: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const c_char,
    size: usize,
}

#[repr(C)]
pub struct Batch {
    token_ids: *const i32,
    ends: *const i32,
    spans: *const i32,
    num_tokens: usize,
    num_texts: usize,
}

type Outcome<T> = Result<T, String>;

/// The caller's array; `data` may be null only when `size` is zero.
unsafe fn borrow<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if size == 0 { &[] } else { unsafe { slice::from_raw_parts(data, size) } }
}

/// The caller's text, invalid UTF-8 replaced.
unsafe fn borrow_text<'a>(text: Text) -> Cow<'a, str> {
    String::from_utf8_lossy(unsafe { borrow(text.data.cast(), text.size) })
}

impl LoadedTokenizer {
    fn load(json: &[u8]) -> Outcome<Self> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        let vocab_size = tokenizer.get_vocab(true).values().max().map_or(0, |id| *id as usize + 1);
        let num_special_tokens =
            tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
        Ok(Self { tokenizer, vocab_size, num_special_tokens })
    }

    /// Truncation happens here, between encoding and post-processing, because the crate keeps it as mutable state of
    /// the tokenizer while callers choose the limit per call.
    fn encode(&self, text: &str, max_tokens: usize, with_spans: bool) -> Outcome<Encoding> {
        let encoded = if with_spans {
            self.tokenizer.encode_char_offsets(text, false)
        } else {
            self.tokenizer.encode_fast(text, false)
        };
        let mut encoding = encoded.map_err(|error| error.to_string())?;
        encoding.truncate(max_tokens - self.num_special_tokens, 0, TruncationDirection::Right);
        self.tokenizer.post_process(encoding, None, true).map_err(|error| error.to_string())
    }

    fn encode_batch(&self, texts: &[Text], max_tokens: usize, with_spans: bool) -> Outcome<Batch> {
        if max_tokens <= self.num_special_tokens {
            return Err(format!(
                "a limit of {max_tokens} tokens leaves no room beside {} special tokens",
                self.num_special_tokens
            ));
        }
        let mut token_ids: Vec<i32> = Vec::new();
        let mut ends: Vec<i32> = Vec::with_capacity(texts.len());
        let mut spans: Vec<i32> = Vec::new();
        for text in texts {
            let text = unsafe { borrow_text(*text) };
            let encoding = self.encode(&text, max_tokens, with_spans)?;
            token_ids.extend(encoding.get_ids().iter().map(|id| *id as i32));
            let end = i32::try_from(token_ids.len()).map_err(|_| "the batch has more than 2^31 tokens")?;
            ends.push(end);
            if with_spans {
                spans.extend(encoding.get_offsets().iter().flat_map(|span| [span.0 as i32, span.1 as i32]));
            }
        }
        let (num_tokens, num_texts) = (token_ids.len(), ends.len());
        Ok(Batch {
            token_ids: leak(token_ids),
            ends: leak(ends),
            spans: if with_spans { leak(spans) } else { ptr::null() },
            num_tokens,
            num_texts,
        })
    }
}

fn leak(values: Vec<i32>) -> *const i32 {
    Box::into_raw(values.into_boxed_slice()).cast()
}

unsafe fn reclaim(values: *const i32, size: usize) {
    if !values.is_null() {
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(values.cast_mut(), size)) });
    }
}

/// Runs `work`; null on success, else the error's text.
fn guard(work: impl FnOnce() -> Outcome<()>) -> *mut c_char {
    static SILENCE_PANIC_REPORTS: Once = Once::new();
    SILENCE_PANIC_REPORTS.call_once(|| std::panic::set_hook(Box::new(|_| {})));

    let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        Err(format!("the tokenizer failed: {}", text.unwrap_or_default()))
    });
    match outcome {
        Ok(()) => ptr::null_mut(),
        Err(text) => CString::new(text.replace('\0', " ")).unwrap_or_default().into_raw(),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_load(
    json: *const u8,
    size: usize,
    tokenizer: *mut *mut LoadedTokenizer,
) -> *mut c_char {
    guard(|| {
        let loaded = LoadedTokenizer::load(unsafe { borrow(json, size) })?;
        unsafe { *tokenizer = Box::into_raw(Box::new(loaded)) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_free(tokenizer: *mut LoadedTokenizer) {
    drop(unsafe { Box::from_raw(tokenizer) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_free_error(error: *mut c_char) {
    drop(unsafe { CString::from_raw(error) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_vocab_size(tokenizer: *const LoadedTokenizer) -> usize {
    unsafe { &*tokenizer }.vocab_size
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_token_to_id(tokenizer: *const LoadedTokenizer, token: Text) -> i64 {
    let token = unsafe { borrow_text(token) };
    unsafe { &*tokenizer }.tokenizer.token_to_id(&token).map_or(-1, i64::from)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_encode(
    tokenizer: *const LoadedTokenizer,
    texts: *const Text,
    num_texts: usize,
    max_tokens: usize,
    with_spans: bool,
    batch: *mut Batch,
) -> *mut c_char {
    guard(|| {
        let texts = unsafe { borrow(texts, num_texts) };
        let encoded = unsafe { &*tokenizer }.encode_batch(texts, max_tokens, with_spans)?;
        unsafe { *batch = encoded };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn jammi_tokenizer_free_batch(batch: *mut Batch) {
    let batch = unsafe { &*batch };
    unsafe {
        reclaim(batch.token_ids, batch.num_tokens);
        reclaim(batch.ends, batch.num_texts);
        reclaim(batch.spans, 2 * batch.num_tokens);
    }
}
