#include "json/schema.h"

#include <map>
#include <type_traits>

#include "json/access_fields.h"
#include "json/figures_fields.h"
#include "json/follow_fields.h"
#include "json/simulation_fields.h"

namespace gangline::mapping {
namespace {

// Types that people write need not have all that they have when they are read.
enum class Use { written, read };

/// Of what is read: a job without these is refused; whatever else is left out has a good meaning.
template <class T>
bool is_needed(std::string_view key) {
  if constexpr (std::same_as<T, JobSpec>) return key == "name" || key == "command" || key == "dir";
  return std::same_as<T, Command> && key == "words";
}

/// The last part of the type's own name.
template <class T>
std::string type_name() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const auto from = text.find("T = ") + 4;
  const std::string_view name = text.substr(from, text.find_first_of(";]", from) - from);
  const auto colon = name.rfind(':');
  return std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

template <class T>
concept Optional = requires(T& value) {
  value.has_value();
  typename T::value_type;
};

class Schemas {
 public:
  explicit Schemas(std::map<std::string, std::string>& named) : named_(named) {}

  /// The schema of a T as text; structs are put among those with names.
  template <class T>
  std::string of(Use use) {
    if constexpr (std::same_as<T, std::string>) return R"({"type":"string"})";
    else if constexpr (std::same_as<T, bool>) return R"({"type":"boolean"})";
    else if constexpr (std::is_floating_point_v<T>)
      return R"({"type":["number","null"],"format":"double"})";
    else if constexpr (std::is_arithmetic_v<T>) return of_integer<T>();
    else if constexpr (std::is_enum_v<T>) return of_enum<T>();
    else if constexpr (std::same_as<T, CpuSet>) return R"({"type":"string"})";
    else if constexpr (std::same_as<T, CpuAmount>) return R"({"type":"number","minimum":0})";
    else if constexpr (std::same_as<T, Environment>) return of<std::vector<EnvVar>>(use);
    else if constexpr (Single<T>) return of_single<T>(use);
    else if constexpr (IsVector<T>::value)
      return R"({"type":"array","items":)" + of<typename T::value_type>(use) + "}";
    else if constexpr (IsPair<T>::value)
      return R"({"type":"array","minItems":2,"maxItems":2,"prefixItems":[)" +
             of<typename T::first_type>(use) + "," + of<typename T::second_type>(use) + "]}";
    else if constexpr (IsShared<T>::value)
      return of<std::remove_const_t<typename T::element_type>>(use);
    else if constexpr (Optional<T>) return of<typename T::value_type>(use);
    else return of_struct<T>(use);
  }

 private:
  template <class Owner>
  class Properties;

  /// What writes clients takes an integer without a format for one of 32 bits.
  template <class T>
  static std::string of_integer() {
    const bool fits = sizeof(T) < 4 || (sizeof(T) == 4 && std::is_signed_v<T>);
    return std::string(R"({"type":"integer","format":)") + (fits ? R"("int32")" : R"("int64")") +
           (std::is_unsigned_v<T> ? R"(,"minimum":0})" : "}");
  }

  /// Named, so that a client has one type of it however often it is used.
  template <class T>
  std::string of_enum() {
    std::string words;
    for (const T value : AllOf<T>::values) {
      if (!words.empty()) words += ',';
      write_text(name_of(value), words);
    }
    return named<T>(R"({"type":"string","enum":[)" + words + "]}");
  }

  template <class T>
  std::string named(std::string schema) {
    const std::string name = type_name<T>();
    named_[name] = std::move(schema);
    return R"({"$ref":"#/components/schemas/)" + name + R"("})";
  }

  template <class T>
  std::string of_single(Use use) {
    T value{};
    std::string text;
    const auto map = [&](auto& number) { text = of<std::decay_t<decltype(number)>>(use); };
    single(map, value);
    return text;
  }

  template <class T>
  std::string of_struct(Use use);

  std::map<std::string, std::string>& named_;
};

/// Of an `Owner`, told by its `fields`.
template <class Owner>
class Schemas::Properties {
 public:
  Properties(Schemas& schemas, Use use) : schemas_(schemas), use_(use) {}

  template <class T>
  void operator()(const char* key, T&) {
    if (!text_.empty()) text_ += ',';
    write_text(key, text_);
    // What a program wrote need not be UTF-8.
    const bool raw = std::same_as<T, std::string> && std::string_view(key) == "bytes";
    text_ += ':' + (raw ? std::string(R"({"oneOf":[{"type":"string"},)"
                                      R"({"$ref":"#/components/schemas/HexBytes"}]})")
                        : schemas_.of<T>(use_));
    const bool has_value = !Optional<T> && !IsShared<T>::value;
    if (use_ == Use::written ? has_value : is_needed<Owner>(key)) {
      if (!required_.empty()) required_ += ',';
      write_text(key, required_);
    }
  }
  std::string text() const {
    return R"({"type":"object","properties":{)" + text_ + "}" +
           (required_.empty() ? "" : R"(,"required":[)" + required_ + "]") + "}";
  }

 private:
  Schemas& schemas_;
  Use use_;
  std::string text_, required_;
};

template <class T>
std::string Schemas::of_struct(Use use) {
  const std::string name = type_name<T>();
  if (!named_.contains(name)) {
    named_[name];  // it may hold itself
    T value{};
    Properties<T> properties(*this, use);
    fields(properties, value);
    named_[name] = properties.text();
  }
  return R"({"$ref":"#/components/schemas/)" + name + R"("})";
}

const std::map<std::string, std::string>& all_schemas() {
  static const std::map<std::string, std::string> all = [] {
    std::map<std::string, std::string> named;
    Schemas schemas(named);
    const auto take = [&]<class... T>(Use use, T*...) { (schemas.of<T>(use), ...); };
    take(Use::read, static_cast<JobSpec*>(nullptr), static_cast<ReserveRequest*>(nullptr),
         static_cast<PilotRequest*>(nullptr), static_cast<SimulationRequest*>(nullptr));
    take(Use::written, static_cast<Error*>(nullptr), static_cast<Submitted*>(nullptr),
         static_cast<Translation*>(nullptr), static_cast<JobSummary*>(nullptr),
         static_cast<JobDetail*>(nullptr), static_cast<GangView*>(nullptr),
         static_cast<WhyAnswer*>(nullptr), static_cast<NodeView*>(nullptr),
         static_cast<LogChunk*>(nullptr), static_cast<ServiceStatus*>(nullptr),
         static_cast<Reservation*>(nullptr), static_cast<PilotView*>(nullptr),
         static_cast<FeedPage*>(nullptr), static_cast<GangCells*>(nullptr),
         static_cast<JobResults*>(nullptr), static_cast<Readings*>(nullptr),
         static_cast<TimeChart*>(nullptr), static_cast<WhoAmI*>(nullptr),
         static_cast<SimulationRun*>(nullptr), static_cast<Figures*>(nullptr));
    named["JobId"] = schemas.of<JobId>(Use::written);
    named["HexBytes"] = R"({"type":"object","properties":{"hex":{"type":"string"}},)"
                        R"("required":["hex"]})";
    named["Unit"] = R"({"type":"object"})";
    return named;
  }();
  return all;
}

}  // namespace
}  // namespace gangline::mapping

namespace gangline {

std::string json_schemas() {
  std::string text;
  for (const auto& [name, schema] : mapping::all_schemas()) {
    text += text.empty() ? "{" : ",";
    mapping::write_text(name, text);
    text += ":" + schema;
  }
  return text + "}";
}

bool has_json_schema(std::string_view name) {
  return mapping::all_schemas().contains(std::string(name));
}

}  // namespace gangline
