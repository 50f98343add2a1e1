#!/usr/bin/env python3
"""check_translate.py: the engine's conformance test on a real Slurm, and `gang` on it as people use it. As root, with Debian's
packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import ast
import re
import sys

import cluster as slurm
from cluster import Cluster, until
from on_slurm import GANG, LOOP, SKIPPED, Gang, attempt, expect

TEST = "/srv/bin/engine_slurm_test"


def the_engine_conforms(cluster):
    done = cluster.run("anna", "env", f"GANGLINE_TEST_SLURM={GANG}", "HOME=/home/anna", TEST,
                       "--gtest_filter=*Conformance*:SlurmEngineTest*", patience=240.0)
    expect(done.code == 0, done.said[-3000:])


def a_run_ends_with_the_code_of_its_program(cluster):
    done = Gang(cluster).run("run", "--", "sh", "-c", "echo hello; exit 5")
    expect(done.code == 5 and "hello" in done.said, done)


def file_of(cluster, name, text):
    cluster.must("anna", "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", f"/home/anna/{name}", text=text)
    return f"/home/anna/{name}"


def lines_of(cluster, name):
    return cluster.must("anna", "cat", f"/home/anna/{name}").split("\n")[:-1]


def after_and_gather_run_when_the_others_have_ended_well(cluster):
    gang = Gang(cluster)
    sweep = file_of(cluster, "order/sweep.toml", 'name = "parts"\ncommand = "sleep 0.{i}; echo part {i} >> seen; echo {i} > {output}"\n'
                    'sweep = { i = "1..5" }\n[gather]\ncommand = "cat {outputs} > all; echo gathered >> seen"\n')
    last = file_of(cluster, "order/last.toml", 'name = "last"\nafter = ["parts"]\ncommand = "wc -l < all; echo last >> seen"\n')
    first, second = (int(number) for number in gang.must("submit", "--quiet", sweep, last).split())
    expect(gang.end(second)["cause"] == "done" and gang.show(first)["summary"]["ended_well"] == 6, gang.show(first))
    seen = lines_of(cluster, "order/seen")
    expect(sorted(seen[:5]) == [f"part {i}" for i in range(1, 6)] and seen[5:] == ["gathered", "last"], seen)
    expect(lines_of(cluster, "order/all") == list("12345"), "what was gathered stands in the order of gangs")
    expect(gang.must("logs", str(second)).strip() == "5", "what comes after sees it")


def after_one_that_failed_nothing_runs(cluster):
    gang = Gang(cluster)
    bad = gang.submit("--name", "bad", "--", "sh", "-c", "sleep 1; exit 3")
    after = gang.submit("--name", "behind", "--after", "bad", "--", "true")
    end = gang.end(after)
    expect(end["cause"] == "dependency" and "did not end well" in end["detail"], end)
    expect(gang.end(bad)["exit_code"] == 3, "its code")


def what_fails_is_tried_again_as_often_as_it_says(cluster):
    gang = Gang(cluster)
    job = gang.submit("--retries", "2", "--retry-on", "failure", "--", "sh", "-c", "echo try $GANG_ATTEMPT; [ $GANG_ATTEMPT = 3 ]")
    expect(gang.end(job)["cause"] == "done" and gang.gang(job)["attempt"] == 3, gang.show(job))
    expect(gang.must("logs", str(job)).strip() == "try 3", "the log of the newest attempt")
    job = gang.submit("--retries", "1", "--retry-on", "failure", "--", "false")
    expect(gang.end(job)["exit_code"] == 1 and gang.gang(job)["attempt"] == 2, gang.show(job))


def a_split_is_a_gang_for_each_piece(cluster):
    gang = Gang(cluster)
    for name in ("a b", "c'd", "é"):
        file_of(cluster, f"pieces/{name}.txt", f"{name}\n")
    job = gang.submit(file_of(cluster, "split.toml", 'name = "split"\ncommand = "cat {shard} > {output}"\n[split]\nfiles = "pieces/*.txt"\n'
                              '[gather]\ncommand = "cat {outputs}"\n'))
    expect(gang.end(job, 3)["cause"] == "done", gang.show(job))
    expect(gang.must("logs", f"{job}.3").split("\n")[:3] == ["a b", "c'd", "é"], gang.must("logs", f"{job}.3"))


def of_alternatives_the_first_that_can_be_had_is_taken(cluster):
    gang = Gang(cluster)
    job = gang.submit(file_of(cluster, "any.toml", 'command = "echo $CUDA_VISIBLE_DEVICES"\n'
                              'any_of = [{ gpus = 1, model = "A100" }, { gpus = 2, model = "H100" }, { cpus = 2 }]\n'))
    gang.end(job)
    expect("got 2 gpus" in gang.must("show", str(job)), gang.must("show", str(job)))
    expect(len(gang.must("logs", str(job)).strip().split(",")) == 2, gang.must("logs", str(job)))


def a_time_limit_ends_it_after_its_grace(cluster):
    gang = Gang(cluster)
    done = gang.run("run", "--time", "1s", "--grace", "1s", "--", "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
    expect(done.code not in (0, 2) and "its time of 1s was up" in done.complaint, done)


def a_program_that_is_not_there_is_named(cluster):
    for tasks in ("1", "2"):
        done = Gang(cluster).run("run", "--tasks", tasks, "--", "no-such-program", "x")
        expect(done.code == 1 and "there is no program 'no-such-program'" in done.complaint, done)
    done = Gang(cluster).run("run", "--dir", "/no/such/place", "--", "true")
    expect(done.code in (1, 2) and "/no/such/place" in done.complaint, done)


def a_gang_is_shown_while_it_runs_and_when_it_has_ended(cluster):
    gang = Gang(cluster)
    job = gang.submit("--name", "seen", "--gpus", "2", "--", "sh", "-c", f"echo out; echo err >&2; trap 'exit 4' TERM; {LOOP}")
    gang.await_phase(job, "running")
    shown = gang.must("show", str(job))
    node = cluster.place_of(gang.number(job))
    for text in (": running", f"rank 0 on {node}: device 0 (h100, gpu0), device 1 (h100, gpu1); 1 cpu", "fence of devices"):
        expect(text in shown, (text, shown))
    expect(gang.must("why", str(job)) == f"job {job} is running: nothing of it waits\n", "why")
    until("its output is there", 10, lambda: gang.must("logs", str(job)) == "out\n" and gang.run("logs", "--stderr", str(job)).complaint == "err\n")
    gang.must("stop", str(job))
    gang.end(job)
    expect("stopped by anna" in gang.must("show", str(job)) and "stopped by anna" in gang.must("why", str(job)), gang.must("show", str(job)))
    expect(gang.must("logs", str(job)) == "out\n", "its log stays")


def one_of_an_array_that_fails_is_the_only_one(cluster):
    gang = Gang(cluster)
    done = gang.run("run", "--sweep", "i=1..8", "--", "sh", "-c", "echo gang {i}; [ {i} != 5 ]")
    job = int(gang.must("list", "--quiet").split()[0])
    summary = gang.show(job)["summary"]
    expect(done.code == 1 and summary["ended_well"] == 7 and summary["ended_badly"] == 1, (done, summary))
    expect(gang.gang(job, 4)["ending"]["exit_code"] == 1, gang.show(job))
    expect(gang.must("logs", f"{job}.4") == "gang 5\n" and "7 ended well, 1 badly" in gang.must("show", str(job)), "its log")


def four_ranks_on_two_nodes_are_one_team(cluster):
    gang = Gang(cluster)
    done = gang.run("run", "--tasks", "4", "--gpus", "4", "--", "sh", "-c",
                    "echo rank $RANK $LOCAL_RANK $NODE_RANK of $WORLD_SIZE on $(hostname) at $MASTER_ADDR:$MASTER_PORT")
    found = sorted(re.findall(r"rank (\d) (\d) (\d) of 4 on (n\d) at ([\d.]+:\d+)", done.said))
    expect([one[:3] for one in found] == [("0", "0", "0"), ("1", "1", "0"), ("2", "0", "1"), ("3", "1", "1")], done)
    expect(len({one[3] for one in found}) == 2 and len({one[4] for one in found}) == 1 and not found[0][4].startswith("127."), found)


def what_can_never_fit_is_refused(cluster):
    gang = Gang(cluster)
    for options, text in ((("--gpus", "9"), "gpus: a task asks for 9, and no node of its queue has more than 8"),
                          (("--memory", "900G"), "memory: a task asks for 900G, and no node of its queue has more than "),
                          (("--cpus", "17", "--lossy"), "cpus: a task asks for 17, and no node of its queue has more than 16"),
                          (("--tasks", "99", "--gpus", "1"), "all nodes of its queue have room for 32 such tasks, not 99")):
        done = gang.run("submit", "--quiet", *options, "--", "true")
        expect(done.code == 1 and text in done.complaint, (options, done))


def names_paths_and_words_may_hold_anything(cluster):
    gang = Gang(cluster)
    words = ["a b", "it's", '"q"', "two\nlines", "é ☃", "$HOME `id` \\ * %j #SBATCH", "", "-x"]
    place = "with 'quotes', \"more\" é/and %a \\ deep"
    cluster.must("anna", "mkdir", "-p", f"/home/anna/{place}")
    for tasks in ("1", "2"):
        job = gang.submit("--name", "na'me \"x\" é %j #SBATCH", "--dir", f"/home/anna/{place}", "--tasks", tasks,
                          "--", "python3", "-c", "import os, sys; print([os.getcwd(), *sys.argv[1:]])", *words)
        expect(gang.end(job)["cause"] == "done", gang.show(job))
        said = ast.literal_eval(gang.must("logs", str(job), "--rank", "1" if tasks == "2" else "0"))
        expect(said == [f"/home/anna/{place}", *words], said)


# --- three people ---------------------------------------------------------------------------------------

def each_of_three_people_sees_and_stops_only_their_own(cluster):
    people = {user: Gang(cluster, user) for user in cluster.people}
    jobs = {user: gang.submit("--name", f"of-{user}", "--", "sh", "-c", f"echo secret of {user}; {LOOP}") for user, gang in people.items()}
    # A number that the others do not have.
    jobs["carl"] = people["carl"].submit("--name", "of-carl-too", "--", "sh", "-c", f"echo secret of carl; {LOOP}")
    for user, gang in people.items():
        gang.await_phase(jobs[user], "running")
        until("it has spoken", 10, lambda: gang.must("logs", str(jobs[user])) == f"secret of {user}\n")
    for user, gang in people.items():
        said = gang.must("list")
        for other in people:
            expect((f"of-{other}" in said) == (user == other), said)
    for word in (jobs["carl"], "of-carl-too"):  # which anna and bert do not have
        for user in ("anna", "bert"):
            for command in ("stop", "show", "logs", "why", "wait"):
                done = people[user].run(command, str(word))
                expect(done.code == 1 and "secret" not in done.said + done.complaint and "no job" in done.complaint, (user, command, done))
    for path in ("", "/jobs", f"/jobs/{jobs['carl']}", f"/jobs/{jobs['carl']}/slurm", "/service.sock", "/gangline.db"):
        done = cluster.run("anna", "ls", f"/home/carl/.local/state/gangline/on/slurm{path}")
        expect(done.code != 0, (path, done))
    open_to_others = cluster.must("root", "sh", "-c", "find /home/carl/.local/state/gangline/on/slurm -maxdepth 0 -perm /077")
    expect(not open_to_others.strip(), "the state directory is closed")
    done = cluster.run("anna", "env", "GANGLINE_ON=slurm", "GANGLINE_STATE=/home/carl/.local/state/gangline/on/slurm", GANG, "list")
    expect(done.code == 1 and "of-carl" not in done.said, done)
    theirs = people["carl"].number(jobs["carl"])
    expect(cluster.run("anna", "scancel", str(theirs)).code != 0, "Slurm lets nobody cancel another's")
    people["anna"].must("stop", "of-anna")
    expect(people["anna"].end(jobs["anna"])["cause"] == "stopped", "anna's own")
    for user in ("bert", "carl"):
        expect(people[user].gang(jobs[user])["phase"] == "running", f"{user}'s runs on")
        people[user].must("stop", str(jobs[user]))
        expect(people[user].end(jobs[user])["detail"] == f"stopped by {user}", people[user].show(jobs[user]))


CHECKS = [
    the_engine_conforms, each_of_three_people_sees_and_stops_only_their_own, a_run_ends_with_the_code_of_its_program, after_and_gather_run_when_the_others_have_ended_well,
    after_one_that_failed_nothing_runs, what_fails_is_tried_again_as_often_as_it_says, a_split_is_a_gang_for_each_piece,
    of_alternatives_the_first_that_can_be_had_is_taken, a_time_limit_ends_it_after_its_grace, a_program_that_is_not_there_is_named,
    a_gang_is_shown_while_it_runs_and_when_it_has_ended, one_of_an_array_that_fails_is_the_only_one, four_ranks_on_two_nodes_are_one_team,
    what_can_never_fit_is_refused, names_paths_and_words_may_hold_anything,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--engine-test", required=True)
    parser.add_argument("--only", default="", metavar="WORD", help="checks with that word in their names, alone")
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    with Cluster(rest=False) as cluster:
        cluster.put(options.gang, GANG)
        cluster.put(options.engine_test, TEST)
        well = [attempt(check, cluster) for check in CHECKS if options.only.replace(" ", "_") in check.__name__]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
