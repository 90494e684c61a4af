#include "io/http_testing.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jammi::io::testing {
namespace {

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has gone away
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string receive_head(int connection) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && ::recv(connection, &byte, 1, 0) == 1) head += byte;
  return head;
}

std::optional<std::string> receive_body(int connection, const ServedRequest& request) {
  const auto length = request.headers.find("content-length");
  std::string body(length == request.headers.end() ? 0 : std::stoul(length->second), '\0');
  size_t received = 0;
  while (received < body.size()) {
    const ssize_t count = ::recv(connection, &body[received], body.size() - received, 0);
    if (count <= 0) return std::nullopt;
    received += static_cast<size_t>(count);
  }
  return body;
}

ServedRequest parse_head(const std::string& head) {
  std::istringstream lines(head);
  ServedRequest request;
  lines >> request.method >> request.path;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line != "\r") {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = line.substr(colon + 2, line.size() - colon - 3);
  }
  return request;
}

/// Nothing when the client has gone away before it sent the whole request.
std::optional<ServedRequest> receive_request(int connection) {
  const std::string head = receive_head(connection);
  if (!head.ends_with("\r\n\r\n")) return std::nullopt;
  ServedRequest request = parse_head(head);
  std::optional<std::string> body = receive_body(connection, request);
  if (!body) return std::nullopt;
  request.body = std::move(*body);
  return request;
}

}  // namespace

HttpServer::HttpServer(Handler handler, size_t num_threads) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on a loopback port");
  }
  port_ = ntohs(address.sin_port);
  while (threads_.size() < num_threads) threads_.emplace_back([this] { serve(); });
}

HttpServer::~HttpServer() {
  is_stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string HttpServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<ServedRequest> HttpServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  while (!is_stopping_) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void HttpServer::answer(int connection) {
  const std::optional<ServedRequest> request = receive_request(connection);
  if (!request) return;
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(*request);
  }
  ServedReply reply = handler_(*request);
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) +
                     " Reply\r\nConnection: close\r\nContent-Length: " + std::to_string(reply.body.size()) +
                     "\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  send_all(connection, head + "\r\n");
  if (request->method != "HEAD")
    send_all(connection, std::string_view(reply.body).substr(0, reply.cut_after.value_or(reply.body.size())));
}

}  // namespace jammi::io::testing
