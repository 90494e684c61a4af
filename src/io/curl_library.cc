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
      .easy_init = library.function<decltype(curl_easy_init)>("curl_easy_init"),
      .easy_perform = library.function<decltype(curl_easy_perform)>("curl_easy_perform"),
      .easy_reset = library.function<decltype(curl_easy_reset)>("curl_easy_reset"),
      .easy_setopt = library.function<decltype(curl_easy_setopt)>("curl_easy_setopt"),
      .easy_strerror = library.function<decltype(curl_easy_strerror)>("curl_easy_strerror"),
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
