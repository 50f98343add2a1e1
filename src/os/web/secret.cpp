#include "os/web/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <cerrno>

#include "base/check.h"
#include "os/file.h"

namespace gangline {

Sha256 sha256(std::string_view bytes) {
  Sha256 sum{};
  CHECK(EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return sum;
}

Result<std::string> random_word(std::size_t bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string raw(bytes, '\0');
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t n = ::getrandom(raw.data() + have, bytes - have, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read random bytes", "the system", errno);
    have += static_cast<std::size_t>(n);
  }
  std::string word;
  unsigned held = 0, bits = 0;
  for (const char c : raw) {
    held = (held << 8 | static_cast<unsigned char>(c)) & 0xffffff;
    for (bits += 8; bits >= 6; bits -= 6) word += letters[held >> (bits - 6) & 63];
  }
  if (bits > 0) word += letters[held << (6 - bits) & 63];
  return word;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gangline
