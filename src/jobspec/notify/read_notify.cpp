#include "jobspec/notify/read_notify.h"

#include <algorithm>

#include "jobspec/config_keys.h"
#include "jobspec/read_value.h"

namespace gangline {
namespace {

constexpr std::string_view notify_keys[] = {"on", "command", "hook", "mail"};
constexpr std::size_t most_words = 64;
constexpr std::size_t longest_hook = 2'048;

void read_hook(const Written& value, NotifySettings& settings, Mistakes& mistakes) {
  const auto text = read_text({"hook", value}, mistakes);
  if (!text) return;
  const bool known = text->starts_with("https://") || text->starts_with("http://");
  const bool plain = std::all_of(text->begin(), text->end(),
                                 [](char c) { return c > ' ' && c < 127 && c != '"'; });
  if (!known || !plain || text->size() > longest_hook)
    return mistakes.add(value.place, "hook is an address that begins with https:// or http://",
                        "write hook = \"https://chat.example.org/hooks/gpus\"");
  settings.hook = *text;
}

void read_words(const Written& value, NotifySettings& settings, Mistakes& mistakes) {
  const auto words = read_texts({"command", value}, mistakes);
  if (!words) return;
  if (words->empty() || words->front().empty() || words->size() > most_words)
    return mistakes.add(value.place, "command is a program and its words, at most 64",
                        "write command = [\"/usr/local/bin/tell\", \"--short\"]");
  settings.command = *words;
}

}  // namespace

void read_notify(const Written& root, NotifySettings& settings, Mistakes& mistakes) {
  const Written* value = find(root, "notify");
  if (value == nullptr) return;
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"notify", *value}, "a table", mistakes,
                          "write [notify] and mail = true below it");
  refuse_unknown_keys_in("[notify]", *value, notify_keys, config_keys, mistakes);
  if (const Written* on = find(*value, "on"))
    if (const auto choice = read_choice({"on", *on}, notify_words, mistakes))
      settings.on = static_cast<NotifyOn>(*choice);
  if (const Written* command = find(*value, "command")) read_words(*command, settings, mistakes);
  if (const Written* hook = find(*value, "hook")) read_hook(*hook, settings, mistakes);
  if (const Written* mail = find(*value, "mail"))
    settings.mail = read_truth({"mail", *mail}, mistakes).value_or(false);
  if (settings.on != NotifyOn::no_end && !settings.any())
    mistakes.add(value->place, "on without a way to tell does nothing",
                 "set command, hook or mail in [notify]");
}

}  // namespace gangline
