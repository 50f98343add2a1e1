// By which way Slurm is asked: by the first that answers.
#pragma once

#include <memory>
#include <vector>

#include "engine/slurm/slurm.h"
#include "model/environment.h"
#include "os/loop.h"

namespace gangline {

/// Slurm's programs where they answer, else slurmrestd where the environment says where it is:
/// GANGLINE_SLURMRESTD is its address, GANGLINE_SLURMRESTD_TOKEN a file with a token, or SLURM_JWT
/// is one. Each `ask_site` chooses anew until one has answered; that one stays.
std::unique_ptr<Slurm> make_slurm(Loop& loop, const std::vector<EnvVar>& environment);

/// For tests: the same of any two ways. `second` may be null.
std::unique_ptr<Slurm> first_that_answers(std::unique_ptr<Slurm> first,
                                          std::unique_ptr<Slurm> second);

}  // namespace gangline
