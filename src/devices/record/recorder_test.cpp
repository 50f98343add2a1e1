// A machine with GPUs of both kinds, recorded in this process and made again.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "devices/amd/small_gpus.h"
#include "devices/record/record_child.h"
#include "devices/record/recording.h"
#include "devices/record/tree.h"
#include "devices/small_machine.h"
#include "os/file.h"

namespace gangline {
namespace {

std::string recorded(const SmallMachine& machine, const Sources& sources) {
  const std::string path = machine.root() + ".txt";
  auto out = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  EXPECT_TRUE(out.ok());
  EXPECT_TRUE(write_all(out->number(), std::string(recording_title) + "\n", path).ok());
  EXPECT_EQ(run_recorder(out->number(), sources, Span{0}), 0);
  const std::string body = *read_file(path);
  EXPECT_TRUE(write_file(path, body + last_line(body)).ok());
  return path;
}

// Without what a recording invents.
Node renamed(Node node) {
  node.name.clear();
  for (Device& device : node.devices) device.uid.clear();
  return node;
}

TEST(Recorder, WhatItWritesIsTheMachine) {
  for (const std::string variant : {"", "old/", "least/"}) {
    SCOPED_TRACE(variant);
    const SmallMachine machine;
    machine.profile_of("mixed.txt");
    machine.process(4242, 1007, "eve", "python3");
    const SmallGpus amd(machine.root());
    amd.add({});
    amd.process(4242, {}, "4096\n");
    const std::string text = recorded(machine, machine.sources(variant));
    const auto recording = read_recording(*read_file(text), "r");
    ASSERT_TRUE(recording) << recording.error().sentence();
    const auto tree = RecordedTree::of(*recording, "r");
    ASSERT_TRUE(tree) << tree.error().sentence();
    ASSERT_TRUE(tree->write(machine.root() + ".again").ok());

    NodeReader before(machine.sources(variant)), after({machine.root() + ".again", text});
    const Node was = before.facts(), is = after.facts();
    EXPECT_EQ(renamed(is), renamed(was));
    const auto sample_was = before.sample().sample, sample_is = after.sample().sample;
    ASSERT_EQ(sample_is.devices.size(), sample_was.devices.size());
    for (std::size_t i = 0; i < sample_was.devices.size(); ++i) {
      const DeviceSample& a = sample_was.devices[i];
      const DeviceSample& b = sample_is.devices[i];
      EXPECT_EQ(b.busy_percent, a.busy_percent);
      EXPECT_EQ(b.memory_used, a.memory_used);
      EXPECT_EQ(b.power, a.power);
      EXPECT_EQ(b.temperature_celsius, a.temperature_celsius);
      ASSERT_EQ(b.processes.has_value(), a.processes.has_value());
      if (!a.processes) continue;
      ASSERT_EQ(b.processes->size(), a.processes->size());
      for (std::size_t n = 0; n < a.processes->size(); ++n) {
        EXPECT_EQ((*b.processes)[n].memory, (*a.processes)[n].memory);
        EXPECT_EQ((*b.processes)[n].user, "user1");
        EXPECT_EQ((*b.processes)[n].command, "program1");
      }
    }
  }
}

}  // namespace
}  // namespace gangline
