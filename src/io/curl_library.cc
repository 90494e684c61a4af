#include "io/curl_library.h"

#include <string>

#include <jammi/error.h>

#include "base/shared_library.h"

namespace jammi::io {
namespace {

CurlLibrary load() {
  const base::SharedLibrary library("libcurl.so.4");
  const CurlLibrary curl{
      .easy_cleanup = library.function<decltype(curl_easy_cleanup)>("curl_easy_cleanup"),
      .easy_getinfo = library.function<decltype(curl_easy_getinfo)>("curl_easy_getinfo"),
      .easy_init = library.function<decltype(curl_easy_init)>("curl_easy_init"),
      .easy_reset = library.function<decltype(curl_easy_reset)>("curl_easy_reset"),
      .easy_setopt = library.function<decltype(curl_easy_setopt)>("curl_easy_setopt"),
      .easy_strerror = library.function<decltype(curl_easy_strerror)>("curl_easy_strerror"),
      .multi_add_handle = library.function<decltype(curl_multi_add_handle)>("curl_multi_add_handle"),
      .multi_cleanup = library.function<decltype(curl_multi_cleanup)>("curl_multi_cleanup"),
      .multi_info_read = library.function<decltype(curl_multi_info_read)>("curl_multi_info_read"),
      .multi_init = library.function<decltype(curl_multi_init)>("curl_multi_init"),
      .multi_perform = library.function<decltype(curl_multi_perform)>("curl_multi_perform"),
      .multi_poll = library.function<decltype(curl_multi_poll)>("curl_multi_poll"),
      .multi_remove_handle = library.function<decltype(curl_multi_remove_handle)>("curl_multi_remove_handle"),
      .multi_wakeup = library.function<decltype(curl_multi_wakeup)>("curl_multi_wakeup"),
      .slist_append = library.function<decltype(curl_slist_append)>("curl_slist_append"),
      .slist_free_all = library.function<decltype(curl_slist_free_all)>("curl_slist_free_all"),
  };
  const CURLcode code = library.function<decltype(curl_global_init)>("curl_global_init")(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    throw Error(ErrorCode::Internal, ErrorCategory::Io,
                std::string("libcurl cannot be initialised: ") + curl.easy_strerror(code));
  }
  return curl;
}

}  // namespace

const CurlLibrary& curl_library() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace jammi::io
