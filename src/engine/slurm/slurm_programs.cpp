#include "engine/slurm/slurm_programs.h"

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/open_sending.h"

namespace gangline {
namespace {

constexpr std::size_t most_names_in_a_call = 500;

/// "_[0-4,7]"
std::string elements_text(const std::vector<std::uint32_t>& elements) {
  std::string text;
  for (std::size_t i = 0; i < elements.size();) {
    std::size_t next = i + 1;
    while (next < elements.size() && elements[next] == elements[next - 1] + 1) ++next;
    text += (text.empty() ? "_[" : ",") + std::to_string(elements[i]);
    if (next > i + 1) text += "-" + std::to_string(elements[next - 1]);
    i = next;
  }
  return text.empty() ? "" : text + "]";
}

std::vector<std::string> options_of(SlurmStop how) {
  switch (how) {
    case SlurmStop::cancel: return {};
    case SlurmStop::term_script: return {"--signal=TERM", "--batch"};
    case SlurmStop::term_steps: return {"--signal=TERM"};
    case SlurmStop::kill_all: return {"--signal=KILL", "--full"};
    case SlurmStop::kill_steps: return {"--signal=KILL"};
  }
  return {};
}

/// `read` of what the program said, or why it said nothing.
template <class T, class Read>
SlurmCalls::Heard reading(std::string program, Slurm::Heard<T> heard, Read read) {
  return [program = std::move(program), heard = std::move(heard),
          read = std::move(read)](const Result<ProgramAnswer>& answer) {
    const auto text = said_by(program, answer);
    heard(text ? Result<T>(read(*text)) : Result<T>(text.error()));
  };
}

}  // namespace

Result<SlurmSeen> SlurmPrograms::ask_site() {
  std::vector<std::string> said;
  for (const auto& words : {config_words(), partitions_words(), nodes_words()}) {
    auto output = said_by(words.front(), calls_.ask_now(words));
    if (!output) return output.error();
    said.push_back(*std::move(output));
  }
  auto site = read_slurm_site(said[0], said[1], said[2]);
  if (!site) return site.error();
  return SlurmSeen{*std::move(site), read_node_lines(said[2])};
}

void SlurmPrograms::ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) {
  calls_.ask(nodes_words(), reading("scontrol", std::move(heard), read_node_lines));
}

void SlurmPrograms::ask_partitions(Heard<std::vector<SlurmPartition>> heard) {
  calls_.ask(partitions_words(), reading("scontrol", std::move(heard), read_slurm_partitions));
}

void SlurmPrograms::ask_queue(Heard<std::vector<SlurmJobSeen>> heard) {
  const std::string mark = random_word();
  calls_.ask(
      squeue_words(mark),
      reading("squeue", std::move(heard),
              [mark](const std::string& text) -> Result<std::vector<SlurmJobSeen>> {
                if (is_squeue_answer(text, mark)) return read_squeue(text, mark);
                return Error{ErrorKind::broken, "what squeue answers makes no sense", "squeue", ""};
              }));
}

void SlurmPrograms::ask_accounts(std::vector<std::string> numbers,
                                 Heard<std::vector<SlurmJobSeen>> heard) {
  const std::string mark = random_word();
  calls_.ask(sacct_words(numbers, mark),
             reading("sacct", std::move(heard),
                     [mark](const std::string& text) { return read_sacct(text, mark); }));
}

void SlurmPrograms::ask_holders(Heard<std::vector<SlurmHolder>> heard) {
  calls_.ask(holders_words(), reading("squeue", std::move(heard), read_holders));
}

void SlurmPrograms::submit(const std::string& script, const std::string& tag,
                           std::function<void(SlurmSent)> heard) {
  calls_.ask(sbatch_words(script, tag), [heard = std::move(heard)](const auto& answer) {
    const auto text = said_by("sbatch", answer);
    const auto number = text ? read_sbatch_answer(*text) : Result<std::string>(text.error());
    if (number) return heard({SlurmSent::How::taken, *number, {}});
    heard({how_not_sent(number.error().what), {}, number.error()});
  });
}

void SlurmPrograms::stop(std::vector<SlurmStopped> jobs, SlurmStop how,
                         std::function<void()> told) {
  for (std::size_t i = 0; i < jobs.size(); i += most_names_in_a_call) {
    std::vector<std::string> words{"scancel"};
    for (std::string& option : options_of(how)) words.push_back(std::move(option));
    for (std::size_t n = i; n < std::min(jobs.size(), i + most_names_in_a_call); ++n)
      words.push_back(jobs[n].number + elements_text(jobs[n].elements));
    calls_.ask(std::move(words), [told](const auto&) { told(); });
  }
}

void SlurmPrograms::start_at_once(std::vector<std::string> words, std::string output_file,
                                  std::function<void()> ended) {
  calls_.begin(std::move(words), std::move(output_file),
               [ended = std::move(ended)](const auto&) { ended(); });
}

void SlurmPrograms::test(const std::string& script,
                         std::function<void(std::optional<TestedStart>)> heard) {
  calls_.ask(sbatch_words(script, "tried", true), [heard = std::move(heard)](const auto& answer) {
    heard(answer ? read_test_only(answer->error_output) : std::nullopt);
  });
}

}  // namespace gangline
