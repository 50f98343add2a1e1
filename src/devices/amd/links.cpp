#include "devices/amd/links.h"

#include <algorithm>

namespace gangline::amd {
namespace {

const KfdLink* xgmi_between(const KfdNode& a, const KfdNode& b) {
  const auto forth = std::ranges::find(a.xgmi, b.number, &KfdLink::to);
  if (forth != a.xgmi.end()) return &*forth;
  const auto back = std::ranges::find(b.xgmi, a.number, &KfdLink::to);
  return back != b.xgmi.end() ? &*back : nullptr;
}

}  // namespace

std::vector<Link> read_links(const std::vector<Card>& cards, const std::vector<CardPart>& devices) {
  std::vector<Link> links;
  for (std::uint32_t a = 0; a < devices.size(); ++a)
    for (std::uint32_t b = a + 1; b < devices.size(); ++b) {
      const CardPart& x = devices[a];
      const CardPart& y = devices[b];
      const Card& card_x = cards[x.card];
      const Card& card_y = cards[y.card];
      if (x.card == y.card) {
        links.push_back({a, b, LinkKind::same_board, 0});
        continue;
      }
      const KfdLink* xgmi =
          x.node && y.node ? xgmi_between(card_x.nodes[*x.node], card_y.nodes[*y.node]) : nullptr;
      if (xgmi != nullptr) {
        links.push_back({a, b, LinkKind::nvlink, xgmi->lanes});
      } else if (const auto kind = pci_link(card_x.path, card_y.path, card_x.facts.numa_node,
                                            card_y.facts.numa_node)) {
        links.push_back({a, b, *kind, 0});
      }
    }
  return links;
}

}  // namespace gangline::amd
