// The tokens of a gateway: a file of lines, of which each has the hash of one word.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/access.h"

namespace gangline {

constexpr std::size_t longest_token_name = 64;
constexpr std::size_t most_tokens = 1'000;

/// Those of a file; none where there is no file. A line that makes no sense is an Error: a token
/// that was withdrawn by hand must not stay because of it.
Result<std::vector<AccessToken>> read_tokens(const std::string& path);
/// Makes one and writes it down; the word itself, which nobody can be told again. Refuses a name
/// that there is already.
Result<std::string> add_token(const std::string& path, const AccessToken& wanted);
Result<void> remove_token(const std::string& path, const std::string& name);

std::string text_of_tokens(const std::vector<AccessToken>& tokens);
Result<std::vector<AccessToken>> tokens_of_text(std::string_view text);

/// The tokens that hold now.
class TokenTable {
 public:
  struct Holder {
    std::uint64_t number;  ///< the same as long as the token holds, and of no other
    std::string name;
    Role role;
    Time expires;
    std::array<unsigned char, 32> hash;
  };

  /// In place of those before.
  void set(const std::vector<AccessToken>& tokens);
  /// Null: no token, or not any more. As long to answer whichever of them it is.
  const Holder* find(std::string_view word, Time now) const;
  /// Null: it was withdrawn or is over.
  const Holder* find(std::uint64_t number, Time now) const;
  bool empty() const { return holders_.empty(); }
  /// Another number after each `set`.
  std::uint64_t version() const { return version_; }

 private:
  std::vector<Holder> holders_;
  std::uint64_t next_ = 1, version_ = 0;
};

/// A word for a token, and the hash to be kept of it.
Result<std::string> new_token_word();
std::string hash_of_token(std::string_view word);

}  // namespace gangline
