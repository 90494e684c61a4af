#include "catalog/testing.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/server_url.h"
#include "catalog/postgres.h"
#include "catalog/sqlite.h"

namespace jammi::catalog::testing {
namespace {

constexpr char kOwner[] = "postgres";  // the system's user that the server runs as: it refuses to be root
constexpr char kUser[] = "jammi";      // the server's user
const std::string kBinaries = "/usr/lib/postgresql/18/bin/";

uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, length) != 0 || ::getsockname(listener, generic, &length) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(listener);
  return ntohs(address.sin_port);
}

/// Starts a program as the server's owner; its output goes to `log`. It ends when this process does.
pid_t start_program(std::vector<std::string> arguments, const std::string& log) {
  std::vector<std::string> command{"setpriv", "--pdeathsig=QUIT"};
  if (::geteuid() == 0) {
    for (const char* option : {"--reuid=postgres", "--regid=postgres", "--init-groups"})
      command.emplace_back(option);
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process = 0;
  const int failure = posix_spawnp(&process, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + arguments[0]);
  return process;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const unsigned char c : text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    encoded += {'%', kDigits[c >> 4], kDigits[c & 15]};
  }
  return encoded;
}

}  // namespace

PostgresServer::PostgresServer() : port_(free_port()) {
  if (::geteuid() == 0) {
    const passwd* owner = ::getpwnam(kOwner);
    if (owner == nullptr || ::chown(directory_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0) {
      throw std::runtime_error("the user postgres cannot own a directory");
    }
  }
  std::ofstream(directory_.file("password")) << kPassword;
  const std::string log = directory_.file("initdb.log");
  const pid_t initdb =
      start_program({kBinaries + "initdb", "-D", directory_.file("data"), "-A", "scram-sha-256", "-U", kUser,
                     "--pwfile=" + directory_.file("password"), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
                     "--locale-provider=icu", "--icu-locale=en"},
                    log);
  int status = -1;
  if (::waitpid(initdb, &status, 0) != initdb || status != 0) {
    throw std::runtime_error("initdb failed: " +
                             std::string(std::istreambuf_iterator<char>(std::ifstream(log).rdbuf()),
                                         std::istreambuf_iterator<char>()));
  }
  start();
}

PostgresServer::~PostgresServer() {
  stop();
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

void PostgresServer::start() {
  process_ =
      start_program({kBinaries + "postgres", "-D", directory_.file("data"), "-p", std::to_string(port_), "-c",
                     "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c",
                     "timezone=Asia/Tokyo", "-c", "datestyle=SQL, DMY"},
                    directory_.file("log"));
  while (true) {
    try {
      administrator();
      return;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Unavailable) throw;
      if (::waitpid(process_, nullptr, WNOHANG) != 0) throw std::runtime_error("the server ended");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between two questions whether it is up
    }
  }
}

void PostgresServer::stop() {
  if (process_ == 0) return;
  ::kill(process_, SIGQUIT);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

std::unique_ptr<Connection> PostgresServer::administrator() const {
  return connect_postgres(url("postgres"), std::chrono::seconds(5));
}

std::string PostgresServer::url(const std::string& database, const std::string& password) const {
  return "postgresql://" + std::string(kUser) + ":" + percent_encoded(password) +
         "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::new_database() {
  const std::string name = "catalog" + std::to_string(++num_made_);
  administrator()->execute("CREATE DATABASE " + name);
  return url(name);
}

std::string PostgresServer::new_schema() {
  const std::string name = "catalog" + std::to_string(++num_made_);
  administrator()->execute("CREATE SCHEMA " + name);
  return url("postgres") + "?options=-csearch_path%3D" + name;
}

void PostgresServer::end_connections(const std::string& database_url) {
  const auto connection = administrator();
  Statement(*connection,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = ? AND pid <> pg_backend_pid()")
      .bind(std::string_view(base::split_server_url(database_url)->database))
      .run();
}

CatalogPlace::CatalogPlace(Backend backend)
    : url_(backend == Backend::Postgres ? PostgresServer::shared().new_schema() : "") {}

std::shared_ptr<Catalog> CatalogPlace::open(const CatalogOptions& options) const {
  return url_.empty() ? Catalog::open(name(), options) : Catalog::connect(url_, options);
}

std::unique_ptr<Connection> CatalogPlace::connect(std::chrono::milliseconds timeout) const {
  return url_.empty() ? open_sqlite(name(), timeout) : connect_postgres(url_, timeout);
}

std::string CatalogPlace::name() const {
  return url_.empty() ? directory_.file("catalog.db") : postgres_address(url_);
}

std::string backend_name(const ::testing::TestParamInfo<Backend>& info) {
  return std::string(to_string(info.param));
}

}  // namespace jammi::catalog::testing
