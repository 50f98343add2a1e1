#!/usr/bin/env python3
"""Pilots on a real Slurm: 200 short gangs, a gang on two nodes, its logs, the service killed in between, strangers on the port,
an allocation that somebody cancels, a pilot that is stopped."""
import argparse
import json
import pathlib
import re
import sys
import time

import cluster as slurm

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
checks = 0


def check(what, good, said=""):
    global checks
    checks += 1
    if not good:
        print(f"FAILED: {what}\n{said}")
        raise SystemExit(1)
    print(f"  {what}", flush=True)


class Person:
    """One of the cluster's people with `gang --on slurm`."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name

    def run(self, *words, patience=60.0):
        return self.cluster.run(self.name, "env", "GANGLINE_ON=slurm", *words, patience=patience)

    def gang(self, *words, patience=60.0):
        return self.run("gang", *words, patience=patience)

    def must(self, *words, patience=60.0):
        done = self.gang(*words, patience=patience)
        if done.code != 0:
            raise slurm.SlurmTrouble(f"gang {' '.join(words)}: {done.code}\n{done.said}\n{done.complaint}")
        return done.said

    def pilots(self):
        return json.loads(self.must("pilot", "--list", "--json"))

    def pilot(self, number):
        return next((one for one in self.pilots() if one["number"] == number), None)

    def begin_pilot(self, *words):
        number = int(self.must("pilot", "--quiet", *words).strip())
        nodes = self.pilot(number)["request"]["nodes"]
        slurm.until(f"pilot {number} is up", 30, lambda: len((self.pilot(number) or {"nodes": []})["nodes"]) == nodes)
        return number

    def show(self, job):
        return json.loads(self.must("show", str(job), "--json"))

    def newest(self):
        return int(self.must("list", "--quiet").split()[0])


def check_gangs(anna):
    done = anna.gang("run", "--pilot", "--", "hostname")
    check("a gang runs on a node of the pilot", done.code == 0 and done.said.strip() in ("n1", "n2"), str(done))
    done = anna.gang("run", "--pilot", "-q", "--sweep", "i=1..200", "--", "sh", "-c",
                     "echo said {i}; echo {i} >> /home/anna/seen")
    check("200 short gangs run", done.code == 0, str(done))
    seen = sorted(anna.cluster.must("anna", "cat", "/home/anna/seen").split())
    check("each once", seen == sorted(str(i) for i in range(1, 201)), f"{len(seen)} lines")
    job = anna.newest()
    for gang in (0, 99, 199):
        said = anna.must("logs", f"{job}.{gang}").strip()
        check(f"the log of gang {gang}", said == f"said {gang + 1}", said)
    done = anna.gang("run", "--pilot", "--tasks", "4", "--gpus", "4", "--", "sh", "-c",
                     "echo rank $RANK $LOCAL_RANK $NODE_RANK $WORLD_SIZE on $(hostname) at $MASTER_ADDR:$MASTER_PORT "
                     "with $CUDA_VISIBLE_DEVICES")
    places = sorted(re.findall(r"rank (\d) (\d) (\d) 4 on (n\d) at ([\d.]+:\d+) with ([\d,]+)", done.said))
    check("a gang of 4 ranks on 2 nodes", done.code == 0 and [one[:3] for one in places] ==
          [("0", "0", "0"), ("1", "1", "0"), ("2", "0", "1"), ("3", "1", "1")], str(done))
    check("they meet at one address", len({one[4] for one in places}) == 1 and not places[0][4].startswith("127."), done.said)
    check("each has its own devices", [one[5] for one in places] == ["0,1,2,3", "4,5,6,7"] * 2, done.said)
    job = anna.newest()
    for rank in range(4):
        check(f"the log of rank {rank}", f"rank {rank} " in anna.must("logs", str(job), "--rank", str(rank)))
    begun = time.monotonic()
    done = anna.gang("run", "--pilot", "--tasks", "2", "--gpus", "8", "--", "sh", "-c", "[ $RANK = 0 ] && sleep 300; exit 7")
    check("where one rank fails, the others are stopped", done.code == 7 and time.monotonic() - begun < 20 and
          "rank 1 ended with code 7" in done.complaint, str(done))
    done = anna.gang("run", "--pilot", "--tasks", "2", "--gpus", "8", "--", "no-such-program")
    check("what cannot start says so", done.code == 1 and "there is no program" in done.complaint, str(done))


def service_pid(anna):
    return json.loads(anna.must("daemon", "status", "--json"))["pid"]


def check_service_killed(cluster, anna):
    job = int(anna.must("submit", "--pilot", "-q", "--tasks", "2", "--gpus", "8", "--", "sh", "-c",
                        "echo begun; sleep 3; echo over").split()[0])
    short = int(anna.must("submit", "--pilot", "-q", "--sweep", "i=1..40", "--", "sleep", "0.1").split()[0])
    slurm.until("it runs", 20, lambda: anna.show(job)["summary"]["phase"] == "running")
    cluster.run("root", "kill", "-9", str(service_pid(anna)))
    time.sleep(0.5)
    done = anna.gang("wait", str(job), str(short))
    check("gangs go on while the service is dead, and the next one hears of them", done.code == 0, str(done))
    check("none was started twice", anna.must("logs", str(job), "--rank", "1").split() == ["begun", "over"])
    view = anna.show(job)["gangs"][0]
    check("it was its first attempt", view["attempt"] == 1 and view["ending"]["cause"] == "done", str(view))


# 1: let in.
TLS_CLIENT = ("openssl s_client -connect {where} -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -psk_identity {name} -psk {key} "
              "-no_ign_eof </dev/null 2>&1 | grep -c 'Reused, TLSv1.3'")
# Greetings of TLS that never end.
HALF_OPEN = ("import socket,sys,time\nall=[]\nfor i in range(100):\n  s=socket.create_connection((sys.argv[1],int(sys.argv[2])),5)\n"
             "  s.sendall(bytes.fromhex('16030100c8010000c40303')+bytes(29))\n  all.append(s)\nprint('held', flush=True)\ntime.sleep(60)")

KEY_IN_PROCESSES = ("import glob,sys\nkey=open(sys.argv[1],'rb').read()\nfor path in glob.glob('/proc/[0-9]*/cmdline')+glob.glob('/proc/[0-9]*/environ'):\n"
                    "  try: text=open(path,'rb').read()\n  except OSError: continue\n"
                    "  if key in text or key.hex().encode() in text.lower(): print(path)\n")


def check_keys(cluster, anna, number, address, port):
    """By TLS as it should be, with another key, with another's name and with none."""
    state = f"/home/anna/.local/state/gangline/on/slurm/pilots/{number}"
    key = cluster.must("anna", "od", "-An", "-tx1", "-v", f"{state}/key").replace(" ", "").replace("\n", "")
    name = cluster.must("anna", "sed", "-n", "s/^tag //p", f"{state}/pilot").strip()
    wrong = "00" * (len(key) // 2)
    for who, host, said, given, good in (("anna", "login", name, key, True), ("bert", "n1", name, wrong, False),
                                         ("bert", "login", name, key[:-2] + ("00" if key[-2:] != "00" else "01"), False),
                                         ("bert", "n1", "gang-pilot-0000000000000000", key, False)):
        call = TLS_CLIENT.format(where=f"{address}:{port}", name=said, key=given)
        done = cluster.run(who, "sh", "-c", call, on=host)
        check(f"{who} on {host} is {'let in with the key' if good else 'not let in with a key or a name that is not of this pilot'}",
              (done.said.strip() == "1") == good, str(done))


def check_strangers(cluster, anna):
    state = "/home/anna/.local/state/gangline/on/slurm/pilots"
    number = max(one["number"] for one in anna.pilots())
    before = service_pid(anna), anna.pilot(number)
    address, port = cluster.must("anna", "cat", f"{state}/{number}/where").split()
    check("others may not read the key", cluster.run("bert", "cat", f"{state}/{number}/key").code != 0)
    mode = cluster.must("anna", "stat", "-c", "%a", f"{state}/{number}/key").strip()
    check("it is closed", mode == "600", mode)
    poke = ("import socket,sys\ns=socket.create_connection((sys.argv[1],int(sys.argv[2])),5)\ns.settimeout(10)\n"
            "s.sendall(b'G'*100)\ndata=b''\n"
            "try:\n  while True:\n    d=s.recv(4096)\n    if not d: break\n    data+=d\n"
            "except ConnectionError: pass\nprint('closed', len(data))")
    check_keys(cluster, anna, number, address, port)
    # On n1 a launcher of the pilot runs.
    for host in ("login", "n1", "n3"):
        done = cluster.run("bert", "python3", "-c", poke, address, port, on=host)
        check(f"a stranger on {host} is hung up on", done.code == 0 and done.said.startswith("closed"), str(done))
    # None of these says a word.
    hold = ("import socket,sys,time\nall=[]\nfor i in range(200):\n  all.append(socket.create_connection((sys.argv[1],int(sys.argv[2])),5))\n"
            "print('held', flush=True)\ntime.sleep(3)")
    held = cluster.start("bert", "python3", "-c", hold, address, port)
    held.output.readline()
    half_open = cluster.start("bert", "python3", "-c", HALF_OPEN, address, port, on="n1")
    half_open.output.readline()
    done = anna.gang("run", "--pilot", "--tasks", "2", "--gpus", "8", "--", "true")
    check("gangs run meanwhile", done.code == 0, str(done))
    for one in (held, half_open):
        one.kill()
    after = service_pid(anna), anna.pilot(number)
    check("service and pilot are the same as before", before == after, f"{before} {after}")
    for host in ("login", "n1"):
        seen = cluster.must("root", "python3", "-c", KEY_IN_PROCESSES, f"{state}/{number}/key", on=host).split()
        check(f"no process on {host} has the key in its words or variables", seen == [], str(seen))


def check_cancelled(cluster, anna, number):
    job = int(anna.must("submit", "--pilot", "-q", "--", "sleep", "1000").split()[0])
    slurm.until("it runs", 20, lambda: anna.show(job)["summary"]["phase"] == "running")
    cluster.must("anna", "scancel", anna.pilot(number)["allocation"].split()[-1])
    slurm.until("the pilot has ended", 60, lambda: anna.pilot(number)["phase"] == "ended")
    slurm.until("its gang waits again", 20, lambda: anna.show(job)["summary"]["phase"] != "running")
    summary = anna.show(job)["summary"]
    check("a gang whose pilot was cancelled waits again", summary["waiting"] == 1, str(summary))
    check("and is told what is missing", "gang pilot" in summary["reason"], summary["reason"])
    fresh = anna.begin_pilot("--nodes", "1", "--gpus", "2", "--time", "10m")
    slurm.until("it runs again", 20, lambda: anna.show(job)["summary"]["phase"] == "running")
    check("it goes on in the next pilot", True)
    return fresh, job


def check_stop(cluster, anna, number, job):
    anna.must("pilot", "--stop", str(number))
    slurm.until("the pilot has ended", 60, lambda: anna.pilot(number)["phase"] == "ended")
    summary = anna.show(job)["summary"]
    check("a stopped pilot sends its gangs back to waiting", summary["waiting"] == 1, str(summary))
    anna.must("stop", str(job))
    slurm.until("Slurm has nothing of ours", 30, lambda: not cluster.must("anna", "squeue", "--noheader").strip())
    state = "/home/anna/.local/state/gangline/on/slurm/pilots"
    left = cluster.must("anna", "ls", state).split()
    check("nothing of the pilots is left", left == ["newest"], str(left))
    names = anna.must("nodes", "-q").split()
    check("nor are their nodes shown", names == ["n1", "n2", "n3", "n4"], str(names))


def check_conformance(cluster, test):
    cluster.put(test, "/srv/bin/engine_slurm_test")
    done = cluster.run("anna", "env", "GANGLINE_TEST_SLURM=/srv/bin/gang", "engine_slurm_test", "--gtest_filter=Pilot*/*", patience=600)
    check("the engine does with a pilot what every engine must", done.code == 0, done.said[-4000:] + done.complaint)
    ran = re.search(r"\[  PASSED  \] (\d+) tests", done.said)
    check(f"in {ran[1] if ran else 0} tests", ran and int(ran[1]) >= 28, done.said[-2000:])


def main():
    parser = argparse.ArgumentParser()
    build = HERE.parent.parent / "build"
    parser.add_argument("--gang", default=str(build / "gang"))
    parser.add_argument("--test", default=str(build / "engine_slurm_test"), help="the engine's tests, for those that need a pilot")
    words = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    with slurm.Cluster(accounting=False, rest=False) as cluster:
        cluster.put(words.gang, "/srv/bin/gang")
        anna = Person(cluster, "anna")
        first = anna.gang("submit", "--pilot", "-q", "--", "true")
        job = int(first.said.split()[0])
        summary = anna.show(job)["summary"]
        check("without a pilot a job waits and says so", "no pilot runs" in summary["reason"], str(summary))
        number = anna.begin_pilot("--nodes", "2", "--gpus", "8", "--time", "20m")
        check("and runs when there is one", anna.gang("wait", str(job)).code == 0)
        check_gangs(anna)
        check_strangers(cluster, anna)
        second = anna.begin_pilot("--nodes", "1", "--cpus", "2", "--memory", "1G", "--time", "10m")
        check("there may be several at once", anna.pilot(number)["phase"] == "running")
        anna.must("pilot", "--stop", str(second))
        slurm.until("the second one has ended", 30, lambda: anna.pilot(second)["phase"] == "ended")
        check_service_killed(cluster, anna)
        fresh, job = check_cancelled(cluster, anna, number)
        check_stop(cluster, anna, fresh, job)
        check_conformance(cluster, words.test)
    print(f"{checks} checks are good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
