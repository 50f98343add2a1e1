#include "main/serve/serve.h"

#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "gateway/gateway.h"
#include "main/service_process.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/web/web_server.h"

namespace gangline {
namespace {

constexpr Span between_looks = seconds(1);
constexpr Span between_wakes = seconds(10);
constexpr rlim_t most_files = 16'384;
constexpr rlim_t own_files = 192;
constexpr const char* token_of_process = "serve";

/// What of a file changes when it is written anew.
struct FileMark {
  std::int64_t inode = 0, size = -1, changed_s = 0, changed_ns = 0;
  bool operator==(const FileMark&) const = default;
};
FileMark mark_of(const std::string& path) {
  struct stat there {};
  if (path.empty() || ::stat(path.c_str(), &there) != 0) return {};
  return {static_cast<std::int64_t>(there.st_ino), there.st_size, there.st_ctim.tv_sec,
          there.st_ctim.tv_nsec};
}

/// Starts a service where none runs, beside the loop, which must not wait for it.
class Waker {
 public:
  explicit Waker(const Places& places) : places_(places) {}
  ~Waker() {
    if (thread_.joinable()) thread_.join();
  }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake() {
    const Span now = since_boot();
    if (busy_ || (begun_ && now - last_ < between_wakes)) return;
    begun_ = true;
    last_ = now;
    if (thread_.joinable()) thread_.join();
    busy_ = true;
    thread_ = std::thread([this] {
      (void)connect_service(places_, true);
      busy_ = false;
    });
  }

 private:
  Places places_;
  std::atomic<bool> busy_ = false;
  bool begun_ = false;
  Span last_{0};
  std::thread thread_;
};

Result<std::shared_ptr<TlsKeys>> keys_of(const ServeOptions& options) {
  if (options.certificate.empty() && options.key.empty()) return std::shared_ptr<TlsKeys>();
  if (options.certificate.empty() || options.key.empty())
    return Error{ErrorKind::usage, "a certificate and its key belong together",
                 options.key.empty() ? "--tls-key" : "--tls-cert", "give both"};
  return TlsKeys::read(options.certificate, options.key);
}

Result<void> may_listen(const TcpListener& listener, const ServeOptions& options, bool has_keys,
                        bool has_tokens) {
  if (listener.loopback || (has_keys && has_tokens)) return {};
  const std::string where = "--address " + options.address;
  if (!has_keys)
    return Error{ErrorKind::refused,
                 "others can reach this address, and without TLS they could read along", where,
                 "give --tls-cert and --tls-key; or listen on 127.0.0.1 and come by "
                 "`ssh -L 7979:127.0.0.1:7979`"};
  return Error{ErrorKind::refused, "others can reach this address, and there is no token yet",
               where, "`gang token add NAME --role read` makes one"};
}

std::string own_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return host_without_port(name.data());
}

std::string shown_address(const TcpListener& listener, const ServeOptions& options, bool https) {
  std::string host = options.address;
  if (!options.names.empty()) host = options.names.front();
  else if (host == "0.0.0.0" || host == "::") host = own_host_name();
  else if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return (https ? "https://" : "http://") + host + ":" + std::to_string(listener.port) + "/";
}

/// As many connections as there may be open files, but for those that we need ourselves.
WebLimits limits_of_this_process() {
  WebLimits limits;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
  files.rlim_cur = std::max(files.rlim_cur, std::min(files.rlim_max, most_files));
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
  const std::size_t rest = files.rlim_cur > own_files ? files.rlim_cur - own_files : own_files;
  limits.connections = std::min(limits.connections, rest);
  return limits;
}

GateSettings gate_of(const ServeOptions& options, const ServeNews& news) {
  GateSettings gate;
  for (const std::string& name : options.names) gate.names.push_back(host_without_port(name));
  gate.names.push_back(host_without_port(options.address));
  if (const std::string host = own_host_name(); !host.empty()) gate.names.push_back(host);
  for (const std::string& origin : options.origins) {
    gate.origins.push_back(origin);
    for (char& c : gate.origins.back())
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    while (gate.origins.back().ends_with('/')) gate.origins.back().pop_back();
  }
  gate.log = news.says;
  return gate;
}

/// The tokens of the file, read again when it changes, and the one of this process.
class TokensKept {
 public:
  TokensKept(std::string path, std::optional<AccessToken> own)
      : path_(std::move(path)), own_(std::move(own)) {}

  bool changed() const { return mark_of(path_) != mark_; }
  /// Where the file makes no sense, none of its tokens holds.
  Result<std::vector<AccessToken>> read() {
    mark_ = mark_of(path_);
    return read_tokens(path_);
  }
  std::vector<AccessToken> with_own(std::vector<AccessToken> tokens) const {
    if (own_) tokens.push_back(*own_);
    return tokens;
  }

 private:
  std::string path_;
  std::optional<AccessToken> own_;
  FileMark mark_;
};

}  // namespace

Result<std::string> tokens_path(const Places& places) {
  if (!places.for_all) return places.state + "/tokens";
  const auto absolute = [](const char* variable) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): before any thread
    return std::string(value != nullptr && value[0] == '/' ? value : "");
  };
  std::string home = absolute("HOME");
  if (home.empty())
    if (const passwd* user = ::getpwuid(::geteuid()); user != nullptr)  // NOLINT: as above
      home = user->pw_dir;
  const std::string xdg = absolute("XDG_STATE_HOME");
  const std::string own = (xdg.empty() ? home + "/.local/state" : xdg) + "/gangline";
  if (const auto made = make_private_directory(own); !made) return made.error();
  return own + "/tokens";
}

Result<void> serve_network(const Places& places, const ServeOptions& options,
                           const std::vector<EnvVar>& environment, const ServeNews& news) {
  // 1. All that may stand in the way.
  auto keys = keys_of(options);
  if (!keys) return keys.error();
  auto listener = listen_tcp(options.address, static_cast<std::uint16_t>(options.port));
  if (!listener) return listener.error();
  std::string word;
  std::optional<AccessToken> own;
  if (listener->loopback) {
    auto made = new_token_word();
    if (!made) return made.error();
    word = *std::move(made);
    own = AccessToken{token_of_process, Role::operate, now(), never, hash_of_token(word)};
  }
  const auto tokens_at = tokens_path(places);
  if (!tokens_at) return tokens_at.error();
  TokensKept kept(*tokens_at, own);
  const auto tokens = kept.read();
  if (!tokens) return tokens.error();
  if (auto may = may_listen(*listener, options, *keys != nullptr, !tokens->empty()); !may)
    return may;
  if (const auto there = connect_service(places, true); !there) return there.error();
  // 2. The gateway on its loop.
  ::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  Waker waker(places);
  GatewaySettings settings;
  settings.gate = gate_of(options, news);
  std::function<void()> look_at_tokens;
  settings.gate.look_again = [&] { look_at_tokens(); };
  settings.connect = [&] { return connect_service(places, false); };
  settings.wake_service = [&] { waker.wake(); };
  settings.version = GANGLINE_VERSION;
  settings.login = login_name(::geteuid());
  settings.directory = own_directory();
  settings.inherited = Environment(environment);
  std::error_code unknown;
  settings.simulations.directory =
      std::filesystem::path(*tokens_at).parent_path().string() + "/simulations";
  settings.simulations.program = {std::filesystem::read_symlink("/proc/self/exe", unknown)};
  Gateway gateway(loop, std::move(settings));
  gateway.set_tokens(kept.with_own(*tokens));
  const bool https = *keys != nullptr;
  const std::string address = shown_address(*listener, options, https);
  WebServer server(loop, *std::move(listener),
                   {limits_of_this_process(), fields_of_every_answer(), *keys}, gateway);
  // 3. Until it is told to end. Files that changed are read again.
  look_at_tokens = [&] {
    if (!kept.changed()) return;
    auto again = kept.read();
    if (!again) news.says(again.error().sentence() + "; no token of the file holds until then");
    gateway.set_tokens(kept.with_own(again ? *std::move(again) : std::vector<AccessToken>{}));
  };
  std::array marks = {mark_of(options.certificate), mark_of(options.key)};
  const auto looking = loop.every(between_looks, [&] {
    look_at_tokens();
    const std::array there = {mark_of(options.certificate), mark_of(options.key)};
    if (there == marks) return;
    marks = there;
    if (auto fresh = keys_of(options)) server.use_keys(*std::move(fresh));
    else news.says(fresh.error().sentence() + "; the certificate of before stays");
  });
  const auto interrupt = loop.on_signal(SIGINT, [&] { loop.stop(); });
  const auto term = loop.on_signal(SIGTERM, [&] { loop.stop(); });
  news.listens(address, word);
  loop.run();
  return {};
}

}  // namespace gangline
