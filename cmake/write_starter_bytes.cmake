# Writes the file FROM as the C++ source TO; see launch/start/starter_bytes.h.
set(hex "")
if(FROM)
  file(READ ${FROM} hex HEX)
endif()
string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
file(WRITE ${TO} "#include \"launch/start/starter_bytes.h\"

std::string_view gangline::starter_bytes() {
  return {\"${bytes}\", ${size}};
}
")
