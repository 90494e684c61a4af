#pragma once

// Its wrappers for type checks name functions that are found at run time here.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace jammi::io {

/// The functions of libcurl that the HTTP client uses, named as in libcurl without "curl_".
struct CurlLibrary {
  decltype(curl_easy_cleanup)* easy_cleanup;
  decltype(curl_easy_init)* easy_init;
  decltype(curl_easy_perform)* easy_perform;
  decltype(curl_easy_reset)* easy_reset;
  decltype(curl_easy_setopt)* easy_setopt;
  decltype(curl_easy_strerror)* easy_strerror;
  decltype(curl_slist_append)* slist_append;
  decltype(curl_slist_free_all)* slist_free_all;
};

/// libcurl, loaded and initialised by the first call: it and the 25 libraries it stands on cost 5 ms, which a
/// process that sends no request does not pay. Throws Unsupported when it is missing. Thread-safe.
const CurlLibrary& curl_library();

}  // namespace jammi::io
