// Quantities whose unit is part of the type. No conversion happens by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace gangline {

/// A length of time in microseconds.
struct Span {
  std::int64_t us = 0;
  auto operator<=>(const Span&) const = default;
};

constexpr Span microseconds(std::int64_t n) { return {n}; }
constexpr Span milliseconds(std::int64_t n) { return {n * 1000}; }
constexpr Span seconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Span minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Span hours(std::int64_t n) { return minutes(n * 60); }
constexpr Span operator+(Span a, Span b) { return {a.us + b.us}; }
constexpr Span operator-(Span a, Span b) { return {a.us - b.us}; }
constexpr double to_seconds(Span span) { return static_cast<double>(span.us) / 1e6; }

/// A point in time: microseconds since 1970-01-01 UTC (simulators: since their own start).
struct Time {
  std::int64_t us = 0;
  auto operator<=>(const Time&) const = default;
};

/// Later than every real time; "nobody knows when".
constexpr Time never{std::numeric_limits<std::int64_t>::max()};

/// `never` and any span stay `never`.
constexpr Time operator+(Time t, Span s) {
  if (t == never || s.us >= never.us - t.us) return never;
  return {t.us + s.us};
}
constexpr Time operator-(Time t, Span s) { return t == never ? never : Time{t.us - s.us}; }
constexpr Span operator-(Time a, Time b) { return {a.us - b.us}; }

/// The first whole multiple of `length` that is not before `t`; `t` itself where that is 0.
constexpr Time next_round(Time t, Span length) {
  if (length.us <= 0 || t == never) return t;
  const std::int64_t over = t.us % length.us;
  return over == 0 ? t : t + Span{length.us - over};
}

struct Bytes {
  std::int64_t n = 0;
  auto operator<=>(const Bytes&) const = default;
};
constexpr Bytes operator+(Bytes a, Bytes b) { return {a.n + b.n}; }
constexpr Bytes operator-(Bytes a, Bytes b) { return {a.n - b.n}; }
constexpr Bytes operator*(Bytes a, std::int64_t k) { return {a.n * k}; }
constexpr Bytes kibibytes(std::int64_t n) { return {n << 10}; }
constexpr Bytes mebibytes(std::int64_t n) { return {n << 20}; }
constexpr Bytes gibibytes(std::int64_t n) { return {n << 30}; }

struct Watts {
  double w = 0;
  auto operator<=>(const Watts&) const = default;
};

struct Joules {
  double j = 0;
  auto operator<=>(const Joules&) const = default;
};

/// Part of one device in thousandths: 1000 is the whole device.
struct Share {
  std::int32_t thousandths = 1000;
  auto operator<=>(const Share&) const = default;
};
constexpr Share whole_device{1000};

/// Logical CPUs in thousandths.
struct CpuAmount {
  std::uint32_t thousandths = 0;
  constexpr CpuAmount() = default;
  constexpr explicit CpuAmount(std::uint32_t of_thousandths) : thousandths(of_thousandths) {}
  auto operator<=>(const CpuAmount&) const = default;

  /// Rounded up: as many as are needed where nothing less than a whole one is given.
  constexpr std::uint32_t whole() const { return thousandths / 1000 + (thousandths % 1000 > 0); }
};
constexpr CpuAmount whole_cpus(std::uint32_t n) { return CpuAmount{n * 1000}; }

}  // namespace gangline
