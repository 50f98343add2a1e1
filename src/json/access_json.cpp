#include "json/access_json.h"

#include "json/access_fields.h"

namespace gangline {

std::string to_json(const NewToken& one) { return mapping::text_of(one); }
std::string to_json(const ListensAt& one) { return mapping::text_of(one); }
std::string to_json(const WhoAmI& one) { return mapping::text_of(one); }
std::string to_json(const std::vector<AccessToken>& all) { return mapping::text_of(all); }
template <>
Result<WhoAmI> from_json<WhoAmI>(std::string_view text) {
  return mapping::value_of<WhoAmI>(text);
}

}  // namespace gangline
