// Any bytes as JSON of the model: refused with a reason, or a value that is written and read back
// the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/json.h"

namespace gangline {
namespace {

template <class T>
void try_as(std::string_view text) {
  const auto value = from_json<T>(text);
  if (!value) return;
  const std::string written = to_json(*value);
  const auto again = from_json<T>(written);
  CHECK(again.ok());
  CHECK(to_json(*again) == written);
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: gangline::try_as<gangline::JobSpec>(text); break;
    case 1: gangline::try_as<gangline::Event>(text); break;
    case 2: gangline::try_as<gangline::JobDetail>(text); break;
    case 3: gangline::try_as<std::vector<gangline::NodeView>>(text); break;
    case 4: gangline::try_as<gangline::WhyAnswer>(text); break;
    default: (void)gangline::error_from_json(text).sentence(); break;
  }
  return 0;
}
