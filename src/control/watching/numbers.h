// Numbers with names in what a program wrote.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangline {

/// Understands flat JSON, lines like `accuracy = 0.97` or `accuracy: 0.97`, and a single number,
/// which is called "value". Of a name that stands there twice the last number counts. At most
/// `most`, in the order in which they stand there.
std::vector<std::pair<std::string, double>> numbers_in(std::string_view text, std::size_t most);

}  // namespace gangline
