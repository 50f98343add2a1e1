// What devices did, on disk: a row for each node and span, twelve bytes for each device.
#include <bit>

#include "base/pack.h"
#include "store/core.h"

namespace gangline {
namespace {

constexpr std::size_t bytes_of_device = 12;

std::string packed(const std::vector<PastReading>& devices) {
  Packer packer;
  for (const PastReading& one : devices)
    for (const float value : {one.busy_percent, one.memory_bytes, one.power_watts})
      packer.u32(std::bit_cast<std::uint32_t>(value));
  return packer.take();
}

std::vector<PastReading> unpacked(std::string_view bytes) {
  Unpacker from(bytes);
  const auto next = [&] { return std::bit_cast<float>(from.u32()); };
  std::vector<PastReading> devices(bytes.size() / bytes_of_device);
  for (PastReading& one : devices) one = {next(), next(), next()};
  return devices;
}

}  // namespace

void Store::put_readings(NodeId node, Span step, const PastReadings& readings, Time oldest) {
  core_->put_reading.bind(1, std::int64_t{node.n}).bind(2, step.us).bind(3, readings.at.us);
  core_->put_reading.bind_bytes(4, packed(readings.devices));
  core_->write(core_->put_reading);
  core_->drop_readings.bind(1, step.us).bind(2, oldest.us);
  core_->write(core_->drop_readings);
}

Result<std::vector<PastReadings>> Store::readings_between(NodeId node, Span step, Time from,
                                                          Time until) const {
  Statement query(core_->database.get(),
                  "SELECT at, devices FROM reading WHERE node = ? AND step = ? AND at >= ? AND at "
                  "<= ? ORDER BY at");
  query.bind(1, std::int64_t{node.n}).bind(2, step.us).bind(3, from.us).bind(4, until.us);
  std::vector<PastReadings> all;
  while (query.next()) all.push_back({Time{query.number(0)}, unpacked(query.text(1))});
  if (const auto read = query.trouble(); !read) return read.error();
  return all;
}

}  // namespace gangline
