#include "main/remote/far_service.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/text.h"
#include "jobspec/config_file.h"
#include "jobspec/mistakes.h"
#include "main/for_all/layout.h"
#include "main/places.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/web/far_wire.h"
#include "os/web/secret.h"

namespace gangline {
namespace {

constexpr Span longest_connect = seconds(10);
constexpr std::size_t key_bytes = 24;
constexpr std::string_view token_mark = "#token=";
constexpr std::uint16_t usual_port = 7979;
constexpr mode_t open_to_others = 077;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// The servers of one config file; none where there is no such file.
Result<std::vector<ServerProfile>> servers_in(const std::string& path) {
  const auto text = read_file(path);
  if (!text && text.error().kind == ErrorKind::not_found) return std::vector<ServerProfile>();
  if (!text) return text.error();
  std::vector<Error> mistakes;
  auto settings = read_config(*text, path, &mistakes);
  if (!settings) return mistakes.empty() ? settings.error() : together(mistakes);
  return std::move(settings->servers);
}

/// A path that stands in a config file.
std::string path_in(const std::string& config, const std::string& path) {
  if (path.empty() || path.starts_with('/')) return path;
  if (path.starts_with("~/")) return own_home() + path.substr(1);
  return std::filesystem::path(config).parent_path().append(path).lexically_normal();
}

/// One's own config file comes before the machine's.
Result<ServerProfile> find_profile(const std::string& name) {
  std::vector<std::string> known;
  for (const std::string& config : {own_config(), std::string(for_all::config)}) {
    auto servers = servers_in(config);
    if (!servers) return servers.error();
    for (ServerProfile& server : *servers) {
      known.push_back(server.name);
      if (server.name != name) continue;
      server.token_file = path_in(config, server.token_file);
      server.certificates = path_in(config, server.certificates);
      return std::move(server);
    }
  }
  const auto near = nearest(name, std::vector<std::string_view>(known.begin(), known.end()));
  std::string hint = "give its address, https://HOST:PORT, or write [server." + name +
                     "] and its url into " + own_config();
  if (near) hint = "did you mean '" + *near + "'?";
  return Error{ErrorKind::usage, "no server is called '" + printable(name) + "'", "--server", hint};
}

Result<std::string> read_token(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && (there.st_mode & open_to_others) != 0)
    return Error{ErrorKind::refused, "others may read this token", path,
                 "chmod 600 " + path + ", and make a new token if they may have read it"};
  const auto text = read_file(path);
  if (!text) return text.error();
  std::string token(trim(std::string_view(*text).substr(0, text->find('\n'))));
  if (token.empty()) return Error{ErrorKind::usage, "there is no token in it", path, ""};
  return token;
}

bool is_loopback(const std::string& host) {
  // A name may begin with these digits, and be anybody's.
  const bool is_number = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "::1" || (is_number && host.starts_with("127."));
}

Result<HttpPlace> read_address(const std::string& url) {
  constexpr const char* hint = "write it as https://HOST:PORT";
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return Error{ErrorKind::usage, "this is no address of a `gang serve`", printable(url), hint};
  auto place = read_web_place(url);
  if (!place) {
    Error wrong = place.error();
    wrong.hint = hint;
    return wrong;
  }
  // Behind a host without a port nothing says which it is: ours, then.
  const std::size_t host = url.find("://") + 3;
  const std::string_view named = std::string_view(url).substr(host, url.find('/', host) - host);
  if (named.find(':', named.find(']') == named.npos ? 0 : named.find(']')) == named.npos)
    place->port = usual_port;
  while (place->path.ends_with('/')) place->path.pop_back();
  if (!place->tls && !is_loopback(place->host))
    return Error{ErrorKind::refused, "without TLS everybody on the way could read the token", url,
                 "write https://; or come by `ssh -L 7979:127.0.0.1:7979 " +
                     printable(place->host) + "` and ask http://127.0.0.1:7979"};
  return place;
}

/// "gpu1.lab:7979" and "127.0.0.1", where https:// was left out.
bool looks_like_address(const std::string& word) {
  return word.find_first_of(":/") != std::string::npos ||
         word.find_first_not_of("0123456789.") == std::string::npos;
}

bool is_token(const std::string& text) {
  for (const char c : text)
    if (c <= ' ' || c > '~') return false;
  return !text.empty();
}

}  // namespace

Result<FarPlace> find_far_service(const std::string& word) {
  std::string wanted = word.empty() ? variable("GANGLINE_SERVER") : word;
  FarPlace far;
  far.token = variable("GANGLINE_TOKEN");
  if (const auto mark = wanted.find(token_mark); mark != std::string::npos) {
    // The words of a command are seen by everybody on the machine, its variables are not.
    if (!word.empty())
      return Error{ErrorKind::refused, "everybody on this machine sees the words of a command",
                   "--server",
                   "put the token into GANGLINE_TOKEN, or all of it into GANGLINE_SERVER"};
    far.token = wanted.substr(mark + token_mark.size());
    wanted.resize(mark);
  }
  if (wanted.find("://") == std::string::npos && looks_like_address(wanted))
    return Error{ErrorKind::usage, "this is neither an address nor a name of the config file",
                 printable(wanted),
                 "write https://" + printable(wanted) + ", or http:// where a tunnel ends"};
  if (wanted.find("://") == std::string::npos) {
    auto profile = find_profile(wanted);
    if (!profile) return profile.error();
    wanted = profile->url;
    far.certificates = profile->certificates;
    if (!profile->token_file.empty()) {
      auto token = read_token(profile->token_file);
      if (!token) return token.error();
      far.token = *std::move(token);
    }
  }
  auto place = read_address(wanted);
  if (!place) return place.error();
  far.place = *std::move(place);
  while (wanted.ends_with('/')) wanted.pop_back();
  far.shown = wanted;
  if (!is_token(far.token))
    return Error{ErrorKind::usage,
                 far.token.empty() ? "there is no token to show there" : "this is no token",
                 printable(far.shown),
                 "`gang token add NAME --role submit` there makes one; put it into GANGLINE_TOKEN, "
                 "or into a file that token_file of a [server.NAME] in the config file names"};
  return far;
}

std::unique_ptr<Client> open_far_service(const FarPlace& far, const FarPatience& patience) {
  FarService service;
  service.patience = patience.longest;
  service.connect = [far] { return connect_far(far.place, far.certificates, longest_connect); };
  service.path = far.place.path;
  const bool bare = far.place.host.find(':') != std::string::npos;
  service.fields = "Host: " + (bare ? "[" + far.place.host + "]" : far.place.host) + ":" +
                   std::to_string(far.place.port) + "\r\nAuthorization: Bearer " + far.token +
                   "\r\nGangline-Version: " GANGLINE_VERSION "\r\n";
  service.shown = far.shown;
  service.clock = since_boot;
  service.rest = [interrupted = patience.interrupted](Span span) {
    if (interrupted()) return false;
    ::usleep(static_cast<useconds_t>(span.us));  // a signal ends it
    return !interrupted();
  };
  service.tells = [says = patience.says](const Error& trouble, Span longest) {
    says(trouble.where + ": " + trouble.what + "; asked again for " + format(longest));
  };
  service.key = [] { return random_word(key_bytes); };
  return std::make_unique<Client>(std::move(service), GANGLINE_VERSION);
}

}  // namespace gangline
