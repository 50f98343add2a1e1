#include "engine/slurm/slurm.h"

namespace gangline {

SlurmSent::How how_not_sent(std::string_view complaint) {
  const auto says = [&](std::string_view words) {
    return complaint.find(words) != std::string_view::npos;
  };
  if (says("Unable to contact slurm controller (connect failure)"))
    return SlurmSent::How::never_came;
  for (const char* does_not_answer :
       {"Unable to contact", "Socket timed out", "Connection refused", "Slurm temporarily unable",
        "Unexpected message", "Zero Bytes", "did not answer", "Job violates", "submit limit",
        "AssocMaxSubmit", "Slurm backup controller", "Connection timed out"})
    if (says(does_not_answer)) return SlurmSent::How::unknown;
  if (says("ependency problem")) return SlurmSent::How::in_vain;
  return says("Batch job submission failed") || says("allocation failure")
             ? SlurmSent::How::refused
             : SlurmSent::How::unknown;
}

}  // namespace gangline
