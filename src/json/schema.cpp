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
    else if constexpr (std::is_floating_point_v<T>) return R"({"type":["number","null"]})";
    else if constexpr (std::is_arithmetic_v<T>)
      return std::is_unsigned_v<T> ? R"({"type":"integer","minimum":0})" : R"({"type":"integer"})";
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
  class Properties;

  template <class T>
  std::string of_enum() {
    std::string words;
    for (const T value : AllOf<T>::values) {
      if (!words.empty()) words += ',';
      write_text(name_of(value), words);
    }
    return R"({"type":"string","enum":[)" + words + "]}";
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

/// Told by `fields` of each of them.
class Schemas::Properties {
 public:
  Properties(Schemas& schemas, Use use) : schemas_(schemas), use_(use) {}

  template <class T>
  void operator()(const char* key, T&) {
    if (!text_.empty()) text_ += ',';
    write_text(key, text_);
    // What a program wrote need not be UTF-8.
    const bool raw = std::same_as<T, std::string> && std::string_view(key) == "bytes";
    text_ += ':' + (raw ? std::string(R"({"oneOf":[{"type":"string"},{"type":"object",)"
                                      R"("properties":{"hex":{"type":"string"}},)"
                                      R"("required":["hex"]}]})")
                        : schemas_.of<T>(use_));
    if constexpr (!Optional<T> && !IsShared<T>::value) {
      if (!required_.empty()) required_ += ',';
      write_text(key, required_);
    }
  }
  std::string text() const {
    return R"({"type":"object","properties":{)" + text_ + "}" +
           (use_ == Use::written && !required_.empty() ? R"(,"required":[)" + required_ + "]"
                                                       : "") +
           "}";
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
    Properties properties(*this, use);
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
