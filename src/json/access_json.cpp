#include "json/access_json.h"

#include "json/mapping.h"

namespace gangline::mapping {

template <>
struct AllOf<Role> {
  static constexpr Role values[] = {Role::read, Role::submit, Role::operate};
};

template <class M>
void fields(M& m, WhoAmI& v) {
  m("token", v.token);
  m("role", v.role);
  m("login", v.login);
  m("version", v.version);
}
template <class M>
void fields(M& m, AccessToken& v) {
  m("name", v.name);
  m("role", v.role);
  m("made", v.made);
  m("expires", v.expires);
}
template <class M>
void fields(M& m, NewToken& v) {
  m("token", v.word);
  m("name", v.token.name);
  m("role", v.token.role);
  m("expires", v.token.expires);
}
template <class M>
void fields(M& m, ListensAt& v) {
  m("address", v.address);
  m("token", v.token);
}

}  // namespace gangline::mapping

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
