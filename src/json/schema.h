// JSON Schemas (draft 2020-12) of what the mapping writes and reads, made of the same description
// of each struct.
#pragma once

#include <string>
#include <string_view>

namespace gangline {

/// An object with the schema of each type under its name, those in it referred to by
/// "#/components/schemas/NAME".
std::string json_schemas();
/// Whether there is one of this name.
bool has_json_schema(std::string_view name);

}  // namespace gangline
