#include "cli/simulate/flags.h"

#include <CLI/CLI.hpp>

namespace gangline {

void add_simulate(CLI::App& app, const SimulateWords& words) {
  SimulateOptions& options = words.options;
  CLI::App* command = app.add_subcommand(
      "simulate", "a history once more, under other policies or on other machines");
  command->add_option("history", options.history,
                      "a file of past jobs; without one, what ran on this machine");
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    command->add_option(flag, value, help);
  };
  const auto many = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    return command->add_option(flag, values, help)->allow_extra_args(false);
  };
  text("--from", options.from, "slurm: the jobs in its accounts, on its nodes");
  text("--since", options.since, "with --from: jobs of the last so long; 30d");
  text("--cluster", options.cluster, "a file that says which machines; without one, this machine");
  many("--policy", options.policies, "policies to compare: easy,best_fit,fgd");
  text("--format", options.format, "of the history, where its content does not tell");
  text("--only-queue", options.queue, "only the jobs of this queue, partition or virtual cluster");
  command->add_flag("--processors-are-gpus", options.processors_are_gpus,
                    "what SWF and Batsim call processors");
  command->add_flag("--as-given", options.as_given, "Slurm: sizes as given, not as asked for");
  text("--arrivals", options.arrivals, "openb: a file with the order of arrivals");
  text("--seed", options.seed, "openb: which column of it");
  many("--add", options.what_if.add, "more nodes like one there is: 2:gpu-03");
  many("--remove", options.what_if.remove, "nodes less: gpu-03, or 2:gpu-03 for one like it too");
  many("--gpu-model-swap", options.what_if.swap_models, "devices of another model: V100=A100");
  command->add_option("--scale-arrivals", options.what_if.scale_arrivals,
                      "so many times as many jobs in the same time: 1.3");
  command->add_option("--assume-limits", options.assumed_limit,
                      "jobs without a time limit promise so many times their run time: 2");
  command->add_flag("--end-at-limit", options.ends_at_limit,
                    "end jobs at their time limit, whatever the history says");
  command->add_flag("--lose-work", options.loses_work,
                    "who is stopped for others begins anew instead of going on");
  text("--restart-cost", options.restart_cost, "what it takes to go on after that: 30s");
  text("--start-cost", options.start_cost, "what each start takes before it does any work: 30s");
  text("--speeds", options.speeds, "a file that says how fast jobs are at which places");
  text("--rounds", options.rounds, "plan at whole multiples of this alone: 60s");
  command->add_flag("--leave-unless-started", options.leaves_unless_started,
                    "a job that does not start when it comes never does");
  many("--set", options.what_if.set,
       "a setting of a queue or policy: queue.night.priority=5, policy.promises=4");
  many("--maintenance", options.what_if.maintenance, "nodes are down: FROM,TO or FROM,TO,NODES");
  text("--drain", options.what_if.drain, "nothing new starts there so long before: 6h");
  text("--power-limit", options.what_if.power_limit, "of all devices together: 20kW");
  command->add_flag("--each-queue", options.each_queue,
                    "each queue on the nodes that the cluster file says are its own");
  command->add_flag("--backtest", options.backtest,
                    "say how far the starts are from the true ones, under the policy in force or "
                    "--backtest=POLICY; an error if it cannot be said");
  command->add_flag("--progress", options.tells_progress, "say how far it is, for programs");
  text("--html", options.page, "write a page with pictures");
  text("--csv", options.csv, "write the table as CSV");
  text("--write-cluster", options.write_cluster, "write the machines as a cluster file");
  command->add_flag("--json", words.json, "print the measures as one object of JSON");
  command->add_flag("-q,--quiet", words.quiet, "print nothing; for --html and --csv");
  command->footer(
      "examples:\n  gang simulate --backtest\n  gang simulate --from slurm --since 30d\n  gang "
      "simulate "
      "jobs.csv --cluster lab.toml --policy "
      "fifo,easy --html compare.html\n  gang simulate log.swf --cluster lab.toml --add "
      "2:gpu-01 --scale-arrivals 1.3");
}

}  // namespace gangline
