// The fields of what concerns tokens. For the sources of json/ alone.
#pragma once

#include "json/mapping.h"
#include "model/access.h"

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
  m("directory", v.directory);
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
