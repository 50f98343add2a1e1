#include "launch/fence/device_filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/file.h"

namespace gangline {
namespace {

// Registers of the program: what the kernel hands over, then what is read of it.
enum Register : unsigned { answer, asked, kind, major_number, minor_number };

bpf_insn instruction(unsigned code, Register reg, std::int32_t value) {
  bpf_insn made{};
  made.code = static_cast<std::uint8_t>(code);
  made.dst_reg = reg & 0xfu;
  made.imm = value;
  return made;
}
bpf_insn load_word(Register to, std::size_t offset) {
  bpf_insn made = instruction(BPF_LDX | BPF_MEM | BPF_W, to, 0);
  made.src_reg = asked & 0xfu;
  made.off = static_cast<std::int16_t>(offset);
  return made;
}
bpf_insn and_word(Register reg, std::int32_t mask) {
  return instruction(BPF_ALU | BPF_AND | BPF_K, reg, mask);
}
bpf_insn skip_unless(Register reg, std::uint32_t value, std::int16_t skipped) {
  bpf_insn made = instruction(BPF_JMP | BPF_JNE | BPF_K, reg, static_cast<std::int32_t>(value));
  made.off = skipped;
  return made;
}
bpf_insn set_answer(std::int32_t value) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, answer, value);
}
bpf_insn give_answer() { return instruction(BPF_JMP | BPF_EXIT, answer, 0); }

std::vector<bpf_insn> filter_program(const std::vector<DeviceNumber>& denied) {
  std::vector<bpf_insn> program{
      load_word(kind, offsetof(bpf_cgroup_dev_ctx, access_type)),
      and_word(kind, 0xffff),  // what is wanted with it is in the upper half
      load_word(major_number, offsetof(bpf_cgroup_dev_ctx, major)),
      load_word(minor_number, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  for (const DeviceNumber& device : denied) {
    program.push_back(
        skip_unless(kind, device.block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 4));
    program.push_back(skip_unless(major_number, device.major, 3));
    program.push_back(skip_unless(minor_number, device.minor, 2));
    program.push_back(set_answer(0));
    program.push_back(give_answer());
  }
  program.push_back(set_answer(1));
  program.push_back(give_answer());
  return program;
}

int call_bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

}  // namespace

Result<DeviceNumber> number_of_device(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return system_error("look at", path, errno);
  if (!S_ISCHR(there.st_mode) && !S_ISBLK(there.st_mode))
    return Error{ErrorKind::not_found, "it is no device file", path, ""};
  return DeviceNumber{S_ISBLK(there.st_mode), gnu_dev_major(there.st_rdev),
                      gnu_dev_minor(there.st_rdev)};
}

Result<void> deny_devices(const std::string& directory, const std::vector<DeviceNumber>& denied) {
  auto group = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!group) return group.error();
  const std::vector<bpf_insn> program = filter_program(denied);
  static constexpr char licence[] = "Apache-2.0";
  bpf_attr load;
  std::memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());  // NOLINT: the call's own way
  load.insn_cnt = static_cast<std::uint32_t>(program.size());
  load.license = reinterpret_cast<std::uintptr_t>(licence);  // NOLINT
  const Fd loaded(call_bpf(BPF_PROG_LOAD, load));
  if (!loaded.open()) return system_error("load a device filter for", directory, errno);

  bpf_attr attach;
  std::memset(&attach, 0, sizeof attach);
  attach.target_fd = static_cast<std::uint32_t>(group->number());
  attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.number());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (call_bpf(BPF_PROG_ATTACH, attach) != 0)
    return system_error("attach a device filter to", directory, errno);
  return {};
}

}  // namespace gangline
