#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace jammi::io::testing {

struct ServedRequest {
  std::string method;
  std::string path;                            ///< with the query
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body = {};
};

struct ServedReply {
  int status = 200;
  std::map<std::string, std::string> headers = {};
  std::string body = {};
  std::optional<size_t> cut_after =
      std::nullopt;  ///< closes the connection after this many bytes of the body
};

/// An HTTP/1.1 server on a loopback port of its own. Each of its threads answers one request after the other
/// from the handler; one whose client leaves before all of it has come is dropped. For tests only.
/// Thread-safe.
class HttpServer {
 public:
  using Handler = std::function<ServedReply(const ServedRequest&)>;

  explicit HttpServer(Handler handler, size_t num_threads = 1);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const;                      ///< "http://127.0.0.1:<port>"
  std::vector<ServedRequest> requests() const;  ///< in order of arrival

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> is_stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;  ///< guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace jammi::io::testing
