// How AMD GPUs reach each other.
#pragma once

#include <vector>

#include "devices/amd/gpu.h"

namespace gangline::amd {

/// A device of the facts: a card, or a partition of it.
struct CardPart {
  std::size_t card = 0;
  std::optional<std::size_t> node;  ///< of the card; empty: the card that is cut
};

/// A link for each pair that one is known for; `a` and `b` count within `devices`. XGMI counts as
/// LinkKind::nvlink.
std::vector<Link> read_links(const std::vector<Card>& cards, const std::vector<CardPart>& devices);

}  // namespace gangline::amd
