#include <gtest/gtest.h>

#include <filesystem>

#include "devices/nvidia/nvml_replay.h"
#include "devices/nvidia/processes.h"
#include "devices/record/contents.h"
#include "devices/record/recording.h"
#include "devices/record/tree.h"
#include "devices/record/words.h"
#include "devices/small_machine.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

std::string whole(const std::string& lines) {
  const std::string body = std::string(recording_title) + "\npart facts\n" + lines;
  return body + last_line(body);
}

Result<RecordedTree> tree_of(const std::string& lines) {
  const auto recording = read_recording(whole(lines), "r");
  if (!recording) return recording.error();
  return RecordedTree::of(*recording, "r");
}

std::string refusal_of(const std::string& lines) {
  const auto tree = tree_of(lines);
  return tree ? "" : tree.error().sentence();
}

TEST(Words, WhatIsQuotedIsReadAgain) {
  for (const std::string text : {"", "a b", "say \"x\"", "back\\slash", "\n\x01\xff", "key=v"}) {
    const auto words = words_in("first " + in_quotes(text) + " last");
    ASSERT_TRUE(words) << text;
    ASSERT_EQ(words->size(), 3u);
    EXPECT_EQ((*words)[1], text);
  }
  EXPECT_FALSE(words_in("\"open"));
  EXPECT_FALSE(words_in("\"\\x4\""));
  EXPECT_EQ(bytes_of_hex(hex_of(std::string("\0\xff", 2))), std::string("\0\xff", 2));
  EXPECT_FALSE(bytes_of_hex("0"));
}

TEST(Invented, WhatIsEqualStaysEqualAndNothingOfItIsLeft) {
  Invented invented("lab-box.example.org", {});
  const std::string uuid = "8a5c1000-57e5-4b1f-9f0a-30c1a2b40000";
  const std::string a = invented.text("GPU-" + uuid), b = invented.text("MIG-GPU-" + uuid + "/1/0");
  EXPECT_EQ(a, "GPU-00000000-0000-4000-8000-000000000001");
  EXPECT_EQ(b, "MIG-GPU-00000000-0000-4000-8000-000000000001/1/0");
  EXPECT_EQ(invented.text("lab-box mlx5_0"), "recorded mlx5_0");
  EXPECT_EQ(invented.text("lab-box.example.org"), "recorded");
  EXPECT_EQ(invented.text("lab-boxes"), "lab-boxes");
  EXPECT_EQ(invented.text("b8:ce:f6:01:02:03\n"), "02:00:00:00:00:01\n");
  EXPECT_EQ(invented.text("0000:c1:00.0 10de:2330"), "0000:c1:00.0 10de:2330");
}

TEST(Invented, AGuidIsTheSameInAGidAndAnAddressInAGidIsNoneAnyMore) {
  Invented invented("", {});
  const std::string guid = invented.text("b8ce:f603:0012:3456");
  EXPECT_EQ(guid, "0200:0000:0000:0001");
  EXPECT_EQ(invented.text("fe80:0000:0000:0000:b8ce:f603:0012:3456"),
            "fe80:0000:0000:0000:" + guid);
  EXPECT_EQ(invented.text("0000:0000:0000:0000:0000:ffff:c0a8:0001"),
            "0000:0000:0000:0000:0200:0000:0000:0002");
  EXPECT_EQ(invented.text("0000:0000:0000:0000:0000:0000:0000:0000"),
            "0000:0000:0000:0000:0000:0000:0000:0000");
}

TEST(Invented, PidsKeepTheirOrderAndPathsLeadToTheSameProcess) {
  Invented invented("", {900, 10'000, 70});
  EXPECT_EQ(invented.pid(70), 1001u);
  EXPECT_EQ(invented.pid(10'000), 1003u);
  EXPECT_EQ(invented.path("/proc/900/comm"), "/proc/1002/comm");
  EXPECT_EQ(invented.path("/sys/class/kfd/kfd/proc/10000/vram_50001"),
            "/sys/class/kfd/kfd/proc/1003/vram_50001");
  EXPECT_EQ(invented.path("/sys/class/drm/card0"), "/sys/class/drm/card0");
  EXPECT_EQ(invented.path("/sys/fs/cgroup/user.slice/user-1000.slice/memory.max"),
            "/sys/fs/cgroup/user.slice/group1.slice/memory.max");
  EXPECT_EQ(invented.group("/user.slice/user-1000.slice"), "/user.slice/group1.slice");
}

TEST(Contents, OnlyWhatIsNeededOfAProcessIsKept) {
  Invented invented("", {});
  SeenNumbers seen;
  const auto kept = [&](const char* path, const char* bytes) {
    return content_kept(path, bytes, invented, seen);
  };
  EXPECT_EQ(kept("/proc/7/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n"),
            "Uid:\t2001\t2001\t2001\t2001\n");
  EXPECT_EQ(kept("/proc/7/comm", "secret\n"), "program1\n");
  EXPECT_EQ(kept("/proc/8/comm", "secret\n"), "program1\n");
  EXPECT_EQ(kept("/proc/7/cmdline", "x"), std::nullopt);
  EXPECT_EQ(kept("/proc/7/environ", "x"), std::nullopt);
  EXPECT_EQ(kept("/home/x/y", "x"), std::nullopt);
  EXPECT_EQ(kept("/proc/mounts",
                 "nas:/home/alice /home nfs rw 0 0\n"
                 "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"),
            "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  EXPECT_EQ(kept("/proc/7/fdinfo/3", "pos:\t0\ndrm-client-id:\t4\ndrm-client-name:\tme\n"),
            "drm-client-id:\t4\n");
  EXPECT_EQ(kept("/sys/x/serial_number", "PCB1234\n"), "invented\n");
}

TEST(Contents, ASerialNumberInHexadecimalAndInDecimalIsOne) {
  Invented invented("", {});
  SeenNumbers seen;
  const auto hex = content_kept("/sys/bus/pci/devices/0000:c1:00.0/unique_id", "00ff000000000001\n",
                                invented, seen);
  const auto decimal = content_kept("/sys/class/kfd/kfd/topology/nodes/1/properties",
                                    "simd_count 4\nunique_id 71776119061217281\n", invented, seen);
  EXPECT_EQ(hex, "7000000000000001\n");
  EXPECT_EQ(decimal, "simd_count 4\nunique_id 8070450532247928833\n");
}

TEST(Contents, OfTheListsOfNamesOnlyOurDevicesAreKept) {
  Invented invented("", {});
  SeenNumbers seen{0x1002, 0x74a1};
  EXPECT_EQ(content_kept("/usr/share/misc/pci.ids",
                         "1001  Other\n\t74a1  Not ours\n1002  AMD\n\t1111  X\n\t74a1  MI300X\n",
                         invented, seen),
            "1002  AMD\n\t74a1  MI300X\n");
}

TEST(Recorded, WhatWasSeenIsThere) {
  const auto tree = tree_of(
      "directory /sys/d = 1us\n| a\n| b\n"
      "file /sys/d/a = 1us\n| one\n|\n| three\n"
      "file /sys/e = unended 1us\n| no end\n"
      "file /sys/f = hex 1us\n| 00ff\n"
      "file /sys/gone = 1us\n| x\nfile /sys/gone = ENOENT 1us\n"
      "file /sys/bad = EIO 1us\n"
      "link /sys/l = 1us\n| d\n"
      "file /sys/l/b = 1us\n| through the link\n"
      "file /sys/e = same 1us\n");
  ASSERT_TRUE(tree) << tree.error().sentence();
  const auto& entries = tree->entries();
  EXPECT_EQ(entries.at("/sys/d/a").content, "one\n\nthree\n");
  EXPECT_EQ(entries.at("/sys/d/b").content, "through the link\n");
  EXPECT_EQ(entries.at("/sys/e").content, "no end");
  EXPECT_EQ(entries.at("/sys/f").content, std::string("\0\xff", 2));
  EXPECT_EQ(entries.at("/sys/bad").kind, RecordedTree::Kind::unreadable);
  EXPECT_FALSE(entries.contains("/sys/gone"));
  const SmallMachine machine;
  const std::string place = machine.root() + "/again";
  ASSERT_TRUE(tree->write(place).ok());
  EXPECT_EQ(*see_file(place + "/sys/l/b"), "through the link\n");
  EXPECT_FALSE(see_file(place + "/sys/bad").ok());
  EXPECT_FALSE(tree->write(place).ok()) << "a directory with something in it is left alone";
}

TEST(Recorded, ADirectoryHasWhatItHadInTheEnd) {
  const auto tree = tree_of(
      "directory /sys/d = 1us\n| 1\n| 2\nfile /sys/d/1/x = 1us\n| old\n"
      "directory /sys/d = 1us\n| 2\n");
  ASSERT_TRUE(tree);
  EXPECT_FALSE(tree->entries().contains("/sys/d/1/x"));
  EXPECT_FALSE(tree->entries().contains("/sys/d/1"));
  EXPECT_TRUE(tree->entries().contains("/sys/d/2"));
}

TEST(Recorded, WhatLeadsOutOfTheRootIsRefusedWithItsLine) {
  EXPECT_EQ(refusal_of("file /sys/../x = 1us\n"), "r:3: a path leads upwards");
  EXPECT_EQ(refusal_of("file sys/x = 1us\n"), "r:3: a path does not begin at the root");
  EXPECT_EQ(refusal_of("link /sys/a = 1us\n| ../../x\n"), "r:3: it leads out of the root");
  EXPECT_EQ(refusal_of("link /sys/a = 1us\n| /etc\n"), "r:3: a link leads out of the root");
  EXPECT_EQ(refusal_of("link /proc/7/fd/3 = 1us\n| /dev/sda\n"),
            "r:3: a link leads out of the root");
  EXPECT_EQ(refusal_of("link /proc/7/fd/3 = 1us\n| /dev/dri/renderD128\n"), "");
}

// A link that is harmless where it is written, but not where it comes to stand.
TEST(Recorded, ALinkBehindALinkIsJudgedByItsTruePlace) {
  EXPECT_EQ(refusal_of("link /sys/deep/er/way = 1us\n| ../../s\nlink /sys/deep/er/way/x = 1us\n"
                       "| ../../../etc\n"),
            "r:5: it leads out of the root");
  // And one that a later link would turn.
  EXPECT_EQ(refusal_of("link /sys/a/l = 1us\n| x/../../..\nlink /sys/a/x = 1us\n| ../..\n"),
            "r:5: something else stands where a link should");
  EXPECT_EQ(refusal_of("link /sys/a = 1us\n| b\nlink /sys/b = 1us\n| a\nfile /sys/a/x = 1us\n"),
            "r:7: links lead in a circle");
  EXPECT_EQ(refusal_of("file /sys/a = 1us\nfile /sys/a/b = 1us\n"),
            "r:4: a path goes through what is no directory");
}

TEST(Recorded, LinesThatMakeNoSenseAreRefused) {
  for (const char* line :
       {"file /x\n", "fill /x = 1us\n", "file /x = nothing\n", "| lost\n", "call x\n",
        "call x = 0\n", "call x = zero 1us\n", "call x = 0 \"open 1us\n", "file \"/x = 1us\n",
        "access /dev/kfd = 1us\n| x\n", "file /x = hex 1us\n| 0g\n"})
    EXPECT_NE(refusal_of(line), "") << line;
  EXPECT_FALSE(read_recording("", "r"));
  EXPECT_FALSE(read_recording(whole("").substr(0, 30), "r"));
  EXPECT_FALSE(read_recording(whole("") + "more\n", "r"));
  const std::string long_path = "file /" + std::string(2000, 'x') + " = 1us\n";
  EXPECT_EQ(refusal_of(long_path), "r:3: a path is too long");
  EXPECT_EQ(refusal_of("file /x = 1us\n| " + std::string(most_recorded_file, 'x') +
                       "\n"
                       "| more\n"),
            "r:5: a file is larger than 1M");
}

TEST(Recorded, AnswersThatDoNotFitAreNoAnswers) {
  const auto replay = nvml::Replay::from(
      whole("nvml-has nvmlInit\nnvml-has nvmlDeviceGetCount\nnvml-has nvmlDeviceGetHandleByIndex\n"
            "nvml-has nvmlDeviceGetName\nnvml-has nvmlDeviceGetComputeRunningProcesses\n"
            "call nvmlInit = 0 1us\ncall nvmlDeviceGetCount = 0 2 1us\n"
            "call nvmlDeviceGetHandleByIndex 0 = 0 d1 1us\n"
            "call nvmlDeviceGetHandleByIndex 1 = 0 d99999 1us\n"
            "call nvmlDeviceGetName d1 room=4 = 0 \"longer than that\" 1us\n"
            "call nvmlDeviceGetComputeRunningProcesses d1 room=1 = 0 count=4 size=16 1us\n"),
      "r");
  ASSERT_TRUE(replay);
  nvml::Calls calls;
  ASSERT_TRUE(replay->fill(calls));
  EXPECT_EQ(nvml::ask(calls.init), 0);
  std::uint32_t count = 0;
  EXPECT_EQ(nvml::ask(calls.count, &count), 0);
  EXPECT_EQ(count, 2u);
  nvml::Handle handle = nullptr;
  EXPECT_NE(nvml::ask(calls.handle, 1u, &handle), 0);
  EXPECT_EQ(nvml::ask(calls.handle, 0u, &handle), 0);
  char name[4];
  EXPECT_NE(nvml::ask(calls.name, handle, name, 4u), 0);
  unsigned char room[nvml::entry_room];
  std::uint32_t processes = 1;
  EXPECT_EQ(nvml::ask(calls.processes1, handle, &processes, static_cast<void*>(room)), 0);
  EXPECT_EQ(processes, 4u) << "more than there was room for, which the caller sees";
  EXPECT_FALSE(calls.uuid) << "what the library had not is not there";
}

}  // namespace
}  // namespace gangline
