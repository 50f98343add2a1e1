#!/usr/bin/env python3
"""check_look.py: what `gang nodes`, `gang top` and `gang serve` show of a real Slurm. As root, with Debian's packages of Slurm; elsewhere it is skipped, and
says so.
"""
import argparse
import json
import signal
import sys

import cluster as slurm
from cluster import Cluster

SKIPPED = 77
ON = "export GANGLINE_ON=slurm; "


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def gang(cluster, words):
    return cluster.must("anna", "bash", "-c", ON + "exec /srv/bin/gang " + words)


def line_of(shown, name):
    return next((line for line in shown.splitlines() if line.startswith(name + " ")), shown)


def check(cluster):
    other = cluster.submit("bert", "sleep 300", "-w", "n1", "--gres=gpu:2", "--mem=1000")
    cluster.await_state(other, "RUNNING")
    cluster.must("root", "scontrol", "update", "node=n4", "state=drain", "reason=bad fan")
    shown = gang(cluster, "nodes")
    expect("main (default)" in shown, shown)
    expect("6 of 8 h100" in line_of(shown, "n1") and line_of(shown, "n1").endswith("mixed"), shown)
    expect("2, each" in line_of(shown, "n[2-3]") and line_of(shown, "n[2-3]").endswith("idle"), shown)
    expect("drained: bad fan (root, " in line_of(shown, "n4") and "0 of 8 h100" in line_of(shown, "n4"), shown)
    # Ours and another's on one node.
    view = json.loads(gang(cluster, "nodes n1 --json"))[0]
    expect(view["placed"]["devices_held"] == [0, 1] and view["placed"]["devices"][0]["held"] == 2, view)
    expect(view["use"][0]["foreign"] and not view["use"][2]["foreign"], view["use"])
    expect("16 cpus, 1 taken" in gang(cluster, "nodes n1"), "the CPUs of n1")
    refused = cluster.run("anna", "bash", "-c", ON + "exec /srv/bin/gang nodes n9")
    expect(refused.code == 1, refused)
    # Accounts are off here, which is told in a sentence.
    refused = cluster.run("anna", "/srv/bin/gang", "simulate", "--from", "slurm")
    expect(refused.code == 1, refused)
    expect("keeps no accounts" in refused.complaint, refused)
    check_serve(cluster)
    gang(cluster, "daemon stop")
    cluster.must("root", "scancel", str(other))


def check_serve(cluster):
    """bert, who has no Slurm of Gangline's, asks anna's `gang serve` on the login host."""
    word = gang(cluster, "token add far --role submit -q").strip()
    serving = cluster.start("anna", "bash", "-c", ON + "exec /srv/bin/gang serve --port 7979")

    def far(words):
        return cluster.run("bert", "bash", "-c", f"export GANGLINE_SERVER=http://127.0.0.1:7979 GANGLINE_TOKEN={word}; "
                           f"exec /srv/bin/gang {words}")
    slurm.until("gang serve answers", 30, lambda: far("list").code == 0)
    done = far("run --gpus 1 -- sh -c 'id -un; hostname; echo $CUDA_VISIBLE_DEVICES'")
    expect(done.code == 0 and done.said.split()[0] == "anna" and done.said.split()[1] in ("n1", "n2", "n3"), done)
    top = far("top --once")
    expect(top.code == 0 and "n4" in top.said and "sh" in top.said, top)
    expect("gangline_node_up" in far("metrics").said, "the metrics")
    serving.signal(signal.SIGTERM)
    serving.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gang", required=True)
    options = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Cluster(accounting=False, rest=False) as cluster:
        cluster.put(options.gang, "/srv/bin/gang")
        check(cluster)
    print("what gang nodes, gang top and gang serve show of Slurm is so")
    return 0


if __name__ == "__main__":
    sys.exit(main())
