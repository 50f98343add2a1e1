#include "cli/top/top.h"

namespace gangline {

int run_top(const TopOptions& options, Output& out) {
  CommandWorld& around = out.around();
  if (options.once) {
    const auto text = around.screen_once(around.width);
    if (!text) return out.fail(text.error());
    around.out(*text);
    return 0;
  }
  const auto code = around.show_screen();
  return code ? *code : out.fail(code.error());
}

}  // namespace gangline
