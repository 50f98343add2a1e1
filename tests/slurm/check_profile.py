#!/usr/bin/env python3
"""check_profile.py: `gang profile` on a real Slurm: what it writes and what jobs then say, pilots that are asked for by themselves,
and each sentence about what a site lacks. As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import json
import signal
import sys

import cluster as slurm
from cluster import Cluster, until
from on_slurm import GANG, SKIPPED, Gang, attempt, expect, leave_nothing

CONFIG = "/home/anna/.config/gangline/config.toml"
BEFORE = '# mine\r\nidle_exit = "5m"'
FEW = "/srv/few"  # a PATH with some of Slurm's programs


def config(cluster, text):
    cluster.must("anna", "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", CONFIG, text=text)


def restart(cluster, text):
    config(cluster, text)
    Gang(cluster).must("daemon", "restart")


def survey(gang, *words):
    done = gang.run("profile", "add", "slurm", "--dry-run", "--json", *words)
    expect(done.code == 0, done)
    return json.loads(done.said)["survey"]


def lacks(found):
    return " / ".join(lack["what"] + " " + lack["ask"] for lack in found["lacks"])


def a_profile_is_written_behind_what_is_there(cluster):
    config(cluster, BEFORE)
    said = Gang(cluster).must("profile", "add", "slurm", "--dry-run")
    expect("[on.slurm]" in said and "it would be written to" in said, said)
    expect("[on" not in cluster.must("anna", "cat", CONFIG), "a dry run wrote something")
    said = Gang(cluster).must("profile", "add", "slurm", "--try")
    for word in ("main (default)", "32 h100", "account: physics; there are also bio", "pmix", "sees it", "written to"):
        expect(word in said, (word, said))
    expect("lacking" not in said, said)
    bytes_now = cluster.must("anna", "base64", "-w0", CONFIG)
    text = cluster.must("anna", "sh", "-c", f"tr -d '\\r' < {CONFIG}")
    expect(text.startswith(BEFORE.replace("\r", "") + "\n\n#") and 'account = "physics"' in text, text)
    again = Gang(cluster).run("profile", "add", "slurm")
    expect(again.code == 1 and "has [on.slurm] already: partition = main, account = physics" in again.complaint, again)
    expect(cluster.must("anna", "base64", "-w0", CONFIG) == bytes_now, "it was written to")
    expect("account = physics" in Gang(cluster).must("profile", "show"), "what is in force")


def jobs_say_what_the_profile_says(cluster):
    where = ("sh", "-c", "echo $SLURM_JOB_ACCOUNT $SLURM_JOB_PARTITION $(hostname)")
    done = Gang(cluster).run("run", "--", *where)
    expect(done.said.split()[:2] == ["physics", "main"], done)
    job = Gang(cluster).submit("--sweep", "i=1..2", "--", *where)
    Gang(cluster).must("wait", str(job))
    expect(Gang(cluster).must("logs", f"{job}.1").split()[:2] == ["physics", "main"], "a gang of an array")
    cluster.must("root", "scontrol", "create", "partition=other", "nodes=n4", "maxtime=60")
    restart(cluster, '[on.slurm]\naccount = "bio"\npartition = "main"\nlook_every = "1s"\n')
    done = Gang(cluster).run("run", "--queue", "other", "--", *where)
    expect(done.said.split() == ["bio", "other", "n4"], done)
    said = Gang(cluster).must("run", "--dry-run", "--", "true")
    expect("#SBATCH --account=bio\n" in said and "--partition=main --account=bio, as the config file says" in said, said)
    number = Gang(cluster).must("pilot", "-q", "--nodes", "1", "--time", "5m", "--cpus", "1").strip()
    until("it is in Slurm", 20, lambda: cluster.must("anna", "squeue", "-h", "-o", "%a %P").split() == ["bio", "main"])
    Gang(cluster).must("pilot", "--stop", number)
    restart(cluster, '[on.slurm]\npartition = "nope"\n')
    done = Gang(cluster).run("run", "--", "true")
    expect(done.code == 1 and "no partition is called nope, which the config file names" in done.complaint, done)


def why_tries_what_the_profile_says(cluster):
    # Only who says this account is let in there, so that what is tried without it is refused.
    cluster.must("root", "scontrol", "create", "partition=bioonly", "nodes=n4", "maxtime=60", "allowaccounts=bio")
    restart(cluster, '[on.slurm]\naccount = "bio"\npartition = "bioonly"\n')
    gang = Gang(cluster)
    holder = gang.submit("--cpus", "16", "--time", "10m", "--", "sleep", "600")
    gang.await_phase(holder, "running")
    job = gang.submit("--cpus", "2", "--time", "5m", "--", "true")
    said = until("why suggests something", 30, lambda: "--queue main" in (said := gang.must("why", str(job))) and said)
    gang.must("stop", str(job), str(holder))
    return " ".join(said.split())


def the_queue_is_asked_as_often_as_it_says(cluster):
    calls = "/home/anna/calls"
    cluster.must("root", "sh", "-c", 'mkdir -p /srv/counted && cat > /srv/counted/squeue && chmod 755 /srv/counted/squeue',
                 text=f'#!/bin/sh\necho x >> {calls}\nexec /usr/bin/squeue "$@"\n')
    gang = Gang(cluster, path="/srv/counted")
    counts = []
    for pause in ("1s", "4s"):
        config(cluster, f'[on.slurm]\naccount = "physics"\nlook_every = "{pause}"\n')
        gang.must("daemon", "restart")
        cluster.run("anna", "rm", "-f", calls)
        done = gang.run("run", "--", "sleep", "5")
        expect(done.code == 0, done)
        counts.append(len(cluster.must("anna", "cat", calls).split()))
    expect(4 <= counts[0] <= 7 and counts[1] <= 3, counts)
    return f"{counts[0]} and {counts[1]} calls in 5 s"


def a_state_directory_may_be_named(cluster):
    Gang(cluster).must("daemon", "stop")
    config(cluster, '[on.slurm]\naccount = "physics"\nstate = "~/elsewhere/gang"\n')
    done = Gang(cluster).run("run", "--", "echo", "there")
    expect(done.said.strip() == "there", done)
    cluster.must("anna", "test", "-f", "/home/anna/elsewhere/gang/gangline.db")
    expect("elsewhere/gang" in Gang(cluster).must("daemon", "status"), "the state that is told")
    Gang(cluster).must("daemon", "stop")
    config(cluster, '[on.slurm]\nstate = "here"\n')
    done = Gang(cluster).run("list")
    expect(done.code != 0 and "config.toml:2:9: state is a directory that begins with / or ~/" in done.complaint, done)


PILOTS = ('[on.slurm]\naccount = "physics"\npilot_gangs = 200\npilot_shorter_than = "1m"\npilot_nodes = 2\npilot_time = "10m"\n'
          'pilot_idle = "2s"\n')


def many_short_gangs_get_a_pilot(cluster):
    gang = Gang(cluster)
    restart(cluster, PILOTS)
    said = gang.must("submit", "--sweep", "i=1..300", "--time", "30s", "--dry-run", "--", "true")
    expect("by itself, for it has 300 short gangs" in said and "--account=physics" in said and "--array" not in said, said)
    said = gang.must("submit", "--sweep", "i=1..300", "--time", "30s", "--name", "many", "--", "sh", "-c", "echo {i} >> seen; sleep 0.2")
    expect("300 gangs: its gangs are many and short, so they run on nodes of a pilot" in said, said)
    lines = until("its pilot is in Slurm", 30, lambda: cluster.must("anna", "squeue", "-h", "-o", "%i %j").splitlines())
    expect(len(lines) == 1 and "_" not in lines[0].split()[0] and "gangline-pilot-" in lines[0], lines)
    expect("on nodes of a pilot by itself" in gang.must("show", "many"), "gang show")
    done = gang.run("wait", "many", patience=60)
    expect(done.code == 0, done)
    seen = sorted(int(n) for n in cluster.must("anna", "cat", "/home/anna/seen").split())
    expect(seen == list(range(1, 301)), len(seen))
    until("the pilot has ended, for it is idle", 30, lambda: not cluster.must("anna", "squeue", "-h").strip())


def few_long_or_unwilling_ones_do_not(cluster):
    gang = Gang(cluster)
    for words in (("--sweep", "i=1..20", "--time", "30s"), ("--sweep", "i=1..250",), ("--sweep", "i=1..250", "--time", "2m"),
                  ("--sweep", "i=1..250", "--time", "30s", "--no-pilot"), ("--sweep", "i=1..250", "--time", "30s", "--gpus", "1"),
                  ("--sweep", "i=1..250", "--time", "30s", "--tasks", "33")):
        said = gang.must("submit", "--dry-run", *words, "--", "true")
        expect("#SBATCH --array=0-" in said, (words, said))


def a_pilot_that_is_taken_away_is_asked_for_again(cluster):
    gang = Gang(cluster)
    job = gang.submit("--sweep", "i=1..200", "--time", "10s", "--", "sleep", "1")
    first = until("it runs", 40, lambda: gang.show(job)["summary"]["running"] > 0 and cluster.must("anna", "squeue", "-h", "-o", "%i").split())
    cluster.must("anna", "scancel", *first)
    done = gang.run("wait", str(job), patience=120)
    expect(done.code == 0, done)
    expect(all(one["attempt"] >= 1 for one in gang.show(job)["gangs"]), "attempts")


def a_pilot_that_slurm_refuses_is_told(cluster):
    gang = Gang(cluster)
    until("no pilot is left", 30, lambda: not cluster.must("anna", "squeue", "-h").strip())
    restart(cluster, PILOTS.replace("physics", "nobody"))
    job = gang.submit("--sweep", "i=1..250", "--time", "30s", "--", "true")
    said = until("why says it", 30, lambda: "Invalid account" in (said := gang.must("why", str(job))) and said)
    expect("one was asked for" in said and "it is asked for again after" in said, said)
    gang.must("stop", str(job))


def who_has_no_account_is_told(cluster):
    said = lacks(survey(Gang(cluster, "bert")))
    expect("Slurm would not take a job of yours" in said and "sacctmgr add user bert" in said, said)
    return said


def accounts_that_do_not_answer_are_told(cluster):
    cluster.kill("slurmdbd", signal.SIGKILL)
    said = lacks(survey(Gang(cluster)))
    cluster.start_daemon("slurmdbd")
    expect("accounts of this Slurm do not answer" in said and "slurmdbd" in said, said)
    return said


def fails(gang, *words):
    done = gang.run("profile", "add", "slurm", *words)
    expect(done.code == 1 and not done.said, done)
    return done.complaint.strip()


def without_munge_it_says_so(cluster):
    cluster.kill("munged", signal.SIGKILL)
    said = fails(Gang(cluster))
    cluster.start_daemon("munged")
    expect("munge" in said, said)
    return said


def without_a_controller_it_says_so(cluster):
    cluster.kill("slurmctld", signal.SIGKILL)
    said = fails(Gang(cluster))
    cluster.start_daemon("slurmctld")
    expect("Slurm does not answer" in said, said)
    return said


def with_programs(cluster, programs, **scripts):
    """Somebody whose PATH has these of Slurm's programs, and scripts instead of some."""
    cluster.must("root", "sh", "-c", f"rm -rf {FEW}; mkdir -p {FEW}; for p in sh env test sed {' '.join(programs)}; do "
                                     f"ln -s $(command -v $p) {FEW}/$p; done")
    for name, text in scripts.items():
        cluster.must("root", "sh", "-c", 'rm -f "$1"; cat > "$1"; chmod 755 "$1"', "sh", f"{FEW}/{name}", text="#!/bin/sh\n" + text + "\n")
    gang = Gang(cluster)
    gang.environment["PATH"] = FEW
    return gang


def missing_programs_are_told(cluster):
    said = lacks(survey(with_programs(cluster, ["scontrol", "sacctmgr", "sbatch"])))
    expect("missing in PATH: srun, squeue, scancel" in said and "no program sacct" in said, said)
    nothing = fails(with_programs(cluster, []))
    expect("there is no program scontrol in PATH" in nothing and "module load" in nothing, nothing)
    return said


def an_old_slurm_is_refused(cluster):
    old = with_programs(cluster, ["sacctmgr", "sbatch", "srun"], scontrol='/usr/bin/scontrol "$@" | sed "s/^SLURM_VERSION.*/SLURM_VERSION = 20.11.9/"')
    said = fails(old)
    expect("this is Slurm 20.11.9, which is too old" in said and "21.08" in said, said)
    return said


def a_directory_that_nodes_do_not_see_is_told(cluster):
    gang = Gang(cluster)
    gang.environment["GANGLINE_STATE"] = "/var/tmp/anna-state"
    found = survey(gang, "--try")
    said = lacks(found)
    expect(found["shared"] == "no" and "does not see the state directory" in said and "state =" in said, found)
    return said


def a_site_with_little_is_told(cluster):
    found = survey(Gang(cluster))
    said = lacks(found)
    expect("keeps no accounts" in said and "AccountingStorageType" in said, said)
    expect("No node has GPUs that Slurm knows of" in said and "gres.conf" in said, said)
    expect(found["partition"] == "main" and found["partitions"][0]["gpus"] == [], found)
    return said


def without_a_profile_all_is_as_it_was(cluster):
    done = Gang(cluster).run("run", "--", "hostname")
    expect(done.code == 0 and done.said.strip() == "n1", done)
    expect("no pilot is asked for by itself" in Gang(cluster).must("profile", "show"), "what is in force")


def add_people(cluster):
    for words in (("account", "physics"), ("account", "bio"), ("user", "anna", "account=physics"), ("user", "anna", "account=bio")):
        cluster.must("root", "sacctmgr", "-i", "add", *words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    well = []
    with Cluster(rest=False, extra=["AccountingStorageEnforce=associations"]) as cluster:
        cluster.put(options.gang, GANG)
        add_people(cluster)
        for check in (a_profile_is_written_behind_what_is_there, jobs_say_what_the_profile_says, why_tries_what_the_profile_says,
                      the_queue_is_asked_as_often_as_it_says, a_state_directory_may_be_named, many_short_gangs_get_a_pilot, few_long_or_unwilling_ones_do_not,
                      a_pilot_that_is_taken_away_is_asked_for_again, a_pilot_that_slurm_refuses_is_told, who_has_no_account_is_told,
                      missing_programs_are_told, an_old_slurm_is_refused, a_directory_that_nodes_do_not_see_is_told,
                      without_munge_it_says_so, accounts_that_do_not_answer_are_told, without_a_controller_it_says_so):
            well.append(attempt(check, cluster))
        leave_nothing(cluster)
    with Cluster(accounting=False, rest=False, nodes=1, gpus=0) as cluster:
        cluster.put(options.gang, GANG)
        well += [attempt(check, cluster) for check in (a_site_with_little_is_told, without_a_profile_all_is_as_it_was)]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
