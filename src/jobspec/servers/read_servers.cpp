#include "jobspec/servers/read_servers.h"

#include <string_view>

#include "jobspec/config_keys.h"
#include "jobspec/read_value.h"

namespace gangline {
namespace {

constexpr std::string_view server_keys[] = {"url", "token_file", "certificates"};

void read_server(const WrittenEntry& entry, std::vector<ServerProfile>& servers,
                 Mistakes& mistakes) {
  const Written& table = entry.value;
  const std::string called = "[server." + entry.name + "]";
  if (table.kind != WrittenKind::table)
    return add_wrong_kind({entry.name, table}, "a table", mistakes,
                          "write " + called + " and url = \"https://gpu1.lab:7979\" below it");
  if (entry.name.find("://") != std::string::npos)
    return mistakes.add(entry.place, "a server's name is no address",
                        "write [server.lab] and the address as its url");
  refuse_unknown_keys_in(called, table, server_keys, config_keys, mistakes);
  ServerProfile server;
  server.name = entry.name;
  const Written* url = find(table, "url");
  if (url == nullptr) {
    if (!is_misspelt(table, "url", server_keys))
      mistakes.add(entry.place, called + " has no url", "write url = \"https://gpu1.lab:7979\"");
    return;
  }
  const auto text = read_text({"url", *url}, mistakes);
  if (!text) return;
  if (!text->starts_with("https://") && !text->starts_with("http://"))
    return mistakes.add(url->place, "url is an address that begins with https://",
                        "write url = \"https://gpu1.lab:7979\"");
  if (text->find('#') != std::string::npos)
    return mistakes.add(url->place, "the token stands in a file of its own",
                        "leave out what stands from # on, and name the file in token_file");
  server.url = *text;
  if (const Written* path = find(table, "token_file"))
    server.token_file = read_text({"token_file", *path}, mistakes).value_or("");
  if (const Written* path = find(table, "certificates"))
    server.certificates = read_text({"certificates", *path}, mistakes).value_or("");
  servers.push_back(std::move(server));
}

}  // namespace

void read_servers(const Written& root, std::vector<ServerProfile>& servers, Mistakes& mistakes) {
  const Written* value = find(root, "server");
  if (value == nullptr) return;
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"server", *value}, "a table", mistakes,
                          "write [server.lab] and url = \"https://gpu1.lab:7979\" below it");
  if (value->entries.size() > most_servers)
    return mistakes.add(value->place, std::to_string(value->entries.size()) +
                                          " servers; the most is " + std::to_string(most_servers));
  for (const WrittenEntry& entry : value->entries) read_server(entry, servers, mistakes);
}

}  // namespace gangline
