#pragma once

// Its wrappers for type checks name functions that are found at run time here.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace jammi::io {

/// The functions of libcurl that the HTTP client uses, named as in libcurl without "curl_".
struct CurlLibrary {
  decltype(curl_easy_cleanup)* easy_cleanup;
  decltype(curl_easy_getinfo)* easy_getinfo;
  decltype(curl_easy_init)* easy_init;
  decltype(curl_easy_reset)* easy_reset;
  decltype(curl_easy_setopt)* easy_setopt;
  decltype(curl_easy_strerror)* easy_strerror;
  decltype(curl_multi_add_handle)* multi_add_handle;
  decltype(curl_multi_cleanup)* multi_cleanup;
  decltype(curl_multi_info_read)* multi_info_read;
  decltype(curl_multi_init)* multi_init;
  decltype(curl_multi_perform)* multi_perform;
  decltype(curl_multi_poll)* multi_poll;
  decltype(curl_multi_remove_handle)* multi_remove_handle;
  decltype(curl_multi_wakeup)* multi_wakeup;
  decltype(curl_slist_append)* slist_append;
  decltype(curl_slist_free_all)* slist_free_all;
};

/// libcurl, loaded and initialised by the first call: it and the 25 libraries it stands on cost 5 ms, which a
/// process that sends no request does not pay. Throws Unsupported when it is missing. Thread-safe.
const CurlLibrary& curl_library();

}  // namespace jammi::io
