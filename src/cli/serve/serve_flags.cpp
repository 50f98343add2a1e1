#include "cli/serve/serve_flags.h"

#include <CLI/CLI.hpp>

namespace gangline {
namespace {

void example(CLI::App* command, const std::string& text, const std::string& note) {
  command->footer("examples:\n" + text + "\n" + note);
}

void add_form(CLI::App* command, const ServeWords& words, const char* json, const char* quiet) {
  command->add_flag("--json", words.json, json);
  command->add_flag("-q,--quiet", words.quiet, quiet);
}

void add_serve(CLI::App& app, const ServeWords& words) {
  ServeOptions& options = words.serve;
  CLI::App* serve =
      app.add_subcommand("serve", "the dashboard and REST, on this machine's loopback address");
  serve->add_option("--address", options.address, "listen there; 127.0.0.1 if left out");
  serve->add_option("--port", options.port, "7979 if left out; 0 takes a free one");
  serve->add_option("--tls-cert", options.certificate, "certificate, for https: a file in PEM");
  serve->add_option("--tls-key", options.key, "its key: a file in PEM");
  const auto many = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    return serve->add_option(flag, values, help)->allow_extra_args(false);
  };
  many("--name", options.names, "a name of the host by which it is reached");
  many("--allow-origin", options.origins, "a site whose pages may ask: https://x.example");
  add_form(serve, words, "print where it is as one line of JSON", "print only where it is");
  example(serve,
          "  gang serve\n  gang serve --address 0.0.0.0 --name gpu1.lab --tls-cert cert.pem "
          "--tls-key key.pem",
          "On loopback the address it prints has a token in it that holds until Ctrl-C. `gang "
          "token` makes others.");
}

void add_token(CLI::App& app, const ServeWords& words) {
  TokenOptions& token = words.token;
  CLI::App* tokens =
      app.add_subcommand("token", "words by which programs show `gang serve` what they may");
  tokens->add_option("action", token.action, "add, list or remove")
      ->required()
      ->check(CLI::IsMember({"add", "list", "remove"}));
  tokens->add_option("name", token.name, "what to call it");
  tokens->add_option("--role", token.role, "of add: what it may; read if left out")
      ->check(CLI::IsMember({"read", "submit", "operate"}));
  tokens->add_option("--expires", token.expires, "of add: it holds for so long: 30d");
  add_form(tokens, words, "print it as JSON", "of add: print the token alone; of list: the names");
  example(tokens,
          "  gang token add grafana --role read\n  gang token list\n  gang token remove grafana",
          "A token is shown once, when it is made. One that is removed ends at once.");
}

}  // namespace

void add_serve_and_token(CLI::App& app, const ServeWords& words) {
  add_serve(app, words);
  add_token(app, words);
}

}  // namespace gangline
