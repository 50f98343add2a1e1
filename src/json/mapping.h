// How values become JSON and back. Each struct is described once, by `fields(map, value)`, and that
// one description serves both ways. For the sources of json/ alone: it is heavy to compile.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "json/hex.h"
#include "model/cpu_set.h"
#include "model/environment.h"

namespace gangline::mapping {

constexpr double most_cpus_read = 4e6;  ///< thousandths of more are no number of ours

using Json = nlohmann::json;

/// Overloaded for each enum: all its values, in order.
template <class E>
struct AllOf;

/// Writes text at once, without a tree in between: the store writes two events for each gang.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_ += '{'; }
  Writer(std::string& out, const char* kind) : Writer(out) { (*this)("kind", std::string(kind)); }
  void close() { out_ += '}'; }

  /// What is empty or null is left out.
  template <class T>
  void operator()(const char* key, const T& value) {
    if constexpr (requires { value.has_value(); }) {
      if (value.has_value()) (*this)(key, *value);
    } else if constexpr (requires { value.use_count(); }) {
      if (value != nullptr) (*this)(key, *value);
    } else {
      if (!std::exchange(first_, false)) out_ += ',';
      out_ += '"';
      out_ += key;
      out_ += "\":";
      write(value, out_);
    }
  }

  template <class T>
  static void write(const T& value, std::string& out);

 private:
  std::string& out_;
  bool first_ = true;
};

template <class T>
std::string shape_of();

/// What all readers of one text share.
struct ReadState {
  bool knows_all = false;  ///< a key that is not known is an error
  std::string trouble;     ///< the first that was met; empty: none
};

class Reader {
 public:
  Reader(const Json& in, ReadState& state) : in_(in), state_(state) {}

  template <class T>
  void operator()(const char* key, T& value) {
    if (!state_.trouble.empty()) return;
    if (state_.knows_all) known_.emplace_back(key);
    const auto found = in_.find(key);
    if (found == in_.end() || found->is_null()) return;
    if (!read(*found, value, state_)) {
      state_.trouble = state_.trouble.empty() ? "the value of '" + std::string(key) +
                                                    "' makes no sense: it is " + shape_of<T>()
                                              : std::string(key) + ": " + state_.trouble;
    }
  }

  /// After all keys were asked for; `has_kind`: "kind" was read before.
  void look_for_others(bool has_kind);

  /// False if `in` does not hold a T; then `state.trouble` may say more.
  template <class T>
  static bool read(const Json& in, T& value, ReadState& state);

 private:
  const Json& in_;
  ReadState& state_;
  std::vector<std::string_view> known_;
};

// Values that are one number or one text behind a name of their own.
template <class M>
void single(M& m, JobId& v) {
  m(v.n);
}
template <class M>
void single(M& m, NodeId& v) {
  m(v.n);
}
template <class M>
void single(M& m, Time& v) {
  m(v.us);
}
template <class M>
void single(M& m, Span& v) {
  m(v.us);
}
template <class M>
void single(M& m, Bytes& v) {
  m(v.n);
}
template <class M>
void single(M& m, Share& v) {
  m(v.thousandths);
}
template <class M>
void single(M& m, Watts& v) {
  m(v.w);
}
template <class M>
void single(M& m, Joules& v) {
  m(v.j);
}

template <class M>
void fields(M& m, GangId& v) {
  m("job", v.job);
  m("gang", v.index);
}
template <class M>
void fields(M& m, DeviceId& v) {
  m("node", v.node);
  m("device", v.index);
}

template <class T>
concept Single = requires(T& value) {
  single(value, value);
}
|| std::same_as<T, JobId> || std::same_as<T, NodeId> || std::same_as<T, Time> ||
    std::same_as<T, Span> || std::same_as<T, Bytes> || std::same_as<T, Share> ||
    std::same_as<T, Watts> || std::same_as<T, Joules>;

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsShared : std::false_type {};
template <class T>
struct IsShared<std::shared_ptr<const T>> : std::true_type {};
template <class T>
struct IsPair : std::false_type {};
template <class A, class B>
struct IsPair<std::pair<A, B>> : std::true_type {};
template <class T>
struct IsVariant : std::false_type {};
template <class... T>
struct IsVariant<std::variant<T...>> : std::true_type {};

/// The word that tells the cases of a variant apart; specialised beside each variant.
template <class T>
constexpr const char* kind_of = nullptr;

/// What a T looks like, for who wrote something else: "a list, each of it text".
template <class T>
std::string shape_of() {
  if constexpr (std::same_as<T, std::string>) return "text";
  else if constexpr (std::same_as<T, bool>) return "true or false";
  else if constexpr (std::is_floating_point_v<T> || std::same_as<T, CpuAmount>) return "a number";
  else if constexpr (std::is_unsigned_v<T>)
    return "a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max());
  else if constexpr (std::is_arithmetic_v<T> || Single<T>) return "a whole number";
  else if constexpr (std::is_enum_v<T>) {
    std::string words;
    for (const T value : AllOf<T>::values)
      words += (words.empty() ? "" : ", ") + std::string(name_of(value));
    return "one of " + words;
  } else if constexpr (std::same_as<T, CpuSet>) return "text such as \"0-3,8\"";
  else if constexpr (std::same_as<T, Environment>) return "a list, each of it an object";
  else if constexpr (IsVector<T>::value)
    return "a list, each of it " + shape_of<typename T::value_type>();
  else if constexpr (IsPair<T>::value) return "a list of two";
  else if constexpr (IsShared<T>::value)
    return shape_of<std::remove_const_t<typename T::element_type>>();
  else if constexpr (IsVariant<T>::value) return "an object with a \"kind\"";
  else if constexpr (requires(T & value) {
                       value.has_value();
                       typename T::value_type;
                     })
    return shape_of<typename T::value_type>();
  else return "an object";
}

inline void Reader::look_for_others(bool has_kind) {
  if (!state_.knows_all || !state_.trouble.empty()) return;
  for (const auto& [key, value] : in_.items()) {
    if ((has_kind && key == "kind") || std::find(known_.begin(), known_.end(), key) != known_.end())
      continue;
    const auto near = nearest(key, known_);
    state_.trouble = "unknown key '" + printable(key) + "'" +
                     (near ? "; did you mean '" + *near + "'?" : std::string());
    return;
  }
}

template <class V, std::size_t I = 0>
bool read_variant(const Json& in, const std::string& kind, V& value, ReadState& state) {
  if constexpr (I == std::variant_size_v<V>) {
    state.trouble = "no such kind: '" + kind + "'";
    return false;
  } else {
    using Case = std::variant_alternative_t<I, V>;
    if (kind != kind_of<Case>) return read_variant<V, I + 1>(in, kind, value, state);
    Case held{};
    if (!Reader::read(in, held, state)) return false;
    value = std::move(held);
    return true;
  }
}

inline void write_text(const std::string& text, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

/// JSON has no infinity: what is no number is written as null.
template <class T>
void write_number(T value, std::string& out) {
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) {
      out += "null";
      return;
    }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

template <class T>
void Writer::write(const T& value, std::string& out) {
  if constexpr (std::same_as<T, std::string>) {
    if (is_utf8(value)) write_text(value, out);
    else out += "{\"hex\":\"" + to_hex(value) + "\"}";
  } else if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T>) {
    write_number(value, out);
  } else if constexpr (std::is_enum_v<T>) {
    write_text(name_of(value), out);
  } else if constexpr (std::same_as<T, CpuSet>) {
    write_text(value.text(), out);
  } else if constexpr (std::same_as<T, CpuAmount>) {
    write_number(value.thousandths / 1000.0, out);
  } else if constexpr (std::same_as<T, Environment>) {
    write(value.vars(), out);
  } else if constexpr (Single<T>) {
    const auto map = [&](const auto& v) { write_number(v, out); };
    single(map, const_cast<T&>(value));  // NOLINT: read only here
  } else if constexpr (IsVector<T>::value) {
    out += '[';
    bool first = true;
    for (const auto& item : value) {
      if (!std::exchange(first, false)) out += ',';
      write(item, out);
    }
    out += ']';
  } else if constexpr (IsPair<T>::value) {
    out += '[';
    write(value.first, out);
    out += ',';
    write(value.second, out);
    out += ']';
  } else if constexpr (IsShared<T>::value) {
    if (value) write(*value, out);
    else out += "null";
  } else if constexpr (IsVariant<T>::value) {
    std::visit(
        [&](const auto& held) {
          using Held = std::decay_t<decltype(held)>;
          Writer writer(out, kind_of<Held>);
          fields(writer, const_cast<Held&>(held));  // NOLINT: a Writer only reads it
          writer.close();
        },
        value);
  } else {
    Writer writer(out);
    fields(writer, const_cast<T&>(value));  // NOLINT: a Writer only reads it
    writer.close();
  }
}

template <class T>
bool read_number(const Json& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    if (!in.is_boolean()) return false;
    value = in.get<bool>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (in.is_null()) {  // what is no number is written so
      value = std::numeric_limits<T>::quiet_NaN();
      return true;
    }
    if (!in.is_number()) return false;
    value = in.get<T>();
  } else {
    if (in.is_number_unsigned()) {
      const auto n = in.get<std::uint64_t>();
      if (n > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return false;
      value = static_cast<T>(n);
    } else {
      if (!in.is_number_integer()) return false;
      const auto n = in.get<std::int64_t>();
      if (std::is_unsigned_v<T> || n < static_cast<std::int64_t>(std::numeric_limits<T>::min()))
        return false;
      value = static_cast<T>(n);
    }
  }
  return true;
}

template <class E>
bool read_enum(const Json& in, E& value) {
  if (!in.is_string()) return false;
  for (const E candidate : AllOf<E>::values) {
    if (in.get_ref<const std::string&>() != name_of(candidate)) continue;
    value = candidate;
    return true;
  }
  return false;
}

template <class T>
bool read_list(const Json& in, std::vector<T>& value, ReadState& state) {
  if (!in.is_array()) return false;
  value.clear();
  value.reserve(in.size());
  for (const Json& item : in) {
    T held{};
    if (!Reader::read(item, held, state)) return false;
    value.push_back(std::move(held));
  }
  return true;
}

inline bool read_text(const Json& in, std::string& value) {
  if (in.is_string()) {
    value = in.get<std::string>();
    return true;
  }
  if (!in.is_object() || !in.contains("hex") || !in["hex"].is_string()) return false;
  auto bytes = from_hex(in["hex"].get_ref<const std::string&>());
  if (!bytes) return false;
  value = std::move(*bytes);
  return true;
}

template <class T>
bool Reader::read(const Json& in, T& value, ReadState& state) {
  if constexpr (std::same_as<T, std::string>) {
    return read_text(in, value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return read_number(in, value);
  } else if constexpr (std::is_enum_v<T>) {
    return read_enum(in, value);
  } else if constexpr (std::same_as<T, CpuSet>) {
    if (!in.is_string()) return false;
    auto set = CpuSet::parse(in.get_ref<const std::string&>());
    if (set) value = std::move(*set);
    return set.has_value();
  } else if constexpr (std::same_as<T, CpuAmount>) {
    double cpus = -1;
    if (!read_number(in, cpus) || !(cpus >= 0 && cpus <= most_cpus_read)) return false;
    value.thousandths = static_cast<std::uint32_t>(std::llround(cpus * 1000));
    return true;
  } else if constexpr (std::same_as<T, Environment>) {
    std::vector<EnvVar> vars;
    if (!read_list(in, vars, state)) return false;
    value = std::move(vars);
    return true;
  } else if constexpr (Single<T>) {
    bool good = false;
    const auto map = [&](auto& v) { good = read_number(in, v); };
    single(map, value);
    return good;
  } else if constexpr (IsVector<T>::value) {
    return read_list(in, value, state);
  } else if constexpr (IsPair<T>::value) {
    return in.is_array() && in.size() == 2 && read(in[0], value.first, state) &&
           read(in[1], value.second, state);
  } else if constexpr (IsShared<T>::value) {
    auto held = std::make_shared<std::remove_const_t<typename T::element_type>>();
    if (!read(in, *held, state)) return false;
    value = std::move(held);
    return true;
  } else if constexpr (IsVariant<T>::value) {
    if (!in.is_object() || !in.contains("kind") || !in["kind"].is_string()) return false;
    return read_variant(in, in["kind"].get<std::string>(), value, state);
  } else if constexpr (requires {
                         value.has_value();
                         typename T::value_type;
                       }) {
    typename T::value_type held{};
    if (!read(in, held, state)) return false;
    value = std::move(held);
    return true;
  } else {
    if (!in.is_object()) return false;
    Reader reader(in, state);
    fields(reader, value);
    reader.look_for_others(kind_of<T> != nullptr);
    return state.trouble.empty();
  }
}

template <class T>
std::string text_of(const T& value) {
  std::string text;
  Writer::write(value, text);
  return text;
}

/// No exception leaves: malformed text is an Error, and so is a value that does not fit.
template <class T>
Result<T> value_of(std::string_view text, bool knows_all = false) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{ErrorKind::broken, "this is not JSON", "", ""};
  T value{};
  ReadState state{knows_all, {}};
  if (!Reader::read(json, value, state))
    return Error{ErrorKind::broken,
                 state.trouble.empty()
                     ? "this is not the JSON expected here, it is " + shape_of<T>()
                     : state.trouble,
                 "", ""};
  return value;
}

}  // namespace gangline::mapping
