// The witness that writes a recording while the looks happen.
#pragma once

#include <map>
#include <set>
#include <string>

#include "devices/record/contents.h"
#include "devices/record/invented.h"
#include "devices/sysfs/witness.h"

namespace gangline {

class Recorder final : public Witness {
 public:
  /// Writes to `out` (a descriptor). `root`: where the machine is, "/" mostly; paths are written
  /// below it. What was begun stands in `out` before it is done, so that whoever reads there knows
  /// what hangs.
  Recorder(std::string root, int out);

  void part(const std::string& name);
  /// False once nobody reads any more.
  bool open() const { return open_; }

  void looks(SightKind kind, std::string_view path) override;
  void saw(const Sight& sight) override;
  void calls(std::string_view function, std::string_view arguments) override;
  void answered(int code, std::string_view results, Span took) override;
  void remarks(std::string_view line) override;

 private:
  std::string below(std::string_view path) const;
  void note_links(const std::string& below, bool last_too);
  void tell(const std::string& path, SightKind kind, const std::string& content, Span took);
  void tell_passwd();
  void send(std::string_view text);

  std::string root_;
  int out_;
  bool open_ = true;
  Invented invented_;
  SeenNumbers seen_;
  std::set<std::string> parents_;                ///< below the root, looked at for links
  std::map<std::string, std::string> contents_;  ///< by kind and path as written
  std::string passwd_;
};

}  // namespace gangline
