#!/usr/bin/env python3
"""check_serve.py --gang PROGRAM: `gang serve` before a service for all people of a machine. Each gateway has the rights of who
started it and no more. As root, in namespaces of its own; elsewhere it is skipped, and says so."""
import contextlib
import http.client
import json
import pathlib
import signal
import sys
import threading

import own_machine
from own_machine import eventually
from check_for_all import denied, expect, job_of, root, run, well


class Gateway:
    def __init__(self, person, *words):
        self.person = person
        self.process = person.start(["gang", "serve", "--port", "0", "--json", *words])
        line = self.process.stdout.readline()
        expect(line.startswith("{"), line + (self.process.stdout.read() if self.process.poll() else ""))
        told = json.loads(line)
        self.port, self.token = int(told["address"].rsplit(":", 1)[1].strip("/")), told["token"]

    def ask(self, method, target, body=None, token=None, kind="application/toml"):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        word = self.token if token is None else token
        line.request(method, target, body, {"Authorization": f"Bearer {word}", "Content-Type": kind} if word else {})
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        return answer.status, text

    def submit(self, text):
        status, said = self.ask("POST", "/v1/jobs", text)
        expect(status == 200, said)
        return json.loads(said)["id"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(own_machine.PATIENCE_S)


@contextlib.contextmanager
def serving(person, *words):
    gateway = Gateway(person, *words)
    try:
        yield gateway
    finally:
        gateway.end()


def a_gateway_has_the_rights_of_who_started_it(world):
    with serving(world.anna) as anna, serving(world.bert) as bert:
        job = anna.submit('command = "id -un; echo anna-secret; pwd; exec sleep 1000"\n')
        eventually("it has written", lambda: "anna-secret" in anna.ask("GET", f"/v1/jobs/{job}/gangs/0/log?from=0&most=999")[1])
        said = well(world.anna.gang("logs", str(job)))
        expect(said.split() == ["anna", "anna-secret", str(world.anna.home)], said)
        expect(json.loads(anna.ask("GET", "/v1/whoami")[1])["login"] == "anna", "not anna")
        for target in (f"/v1/jobs/{job}", "/v1/jobs?all", f"/v1/jobs/{job}/gangs/0", "/v1/timeline?from=0&until=9999999999999999&most=100"):
            status, text = bert.ask("GET", target)
            expect(status == 200 and "anna-secret" not in text and "sleep" not in text, f"{target}: {text}")
        for method, target in (("GET", f"/v1/jobs/{job}/gangs/0/log?from=0&most=999"), ("POST", f"/v1/jobs/{job}/stop")):
            status, text = bert.ask(method, target)
            expect(status in (403, 404) and "is of anna" in text, f"{target}: {status} {text}")
        status, text = bert.ask("POST", "/v1/shut_down")
        expect(status == 403 and "only root" in text, f"{status} {text}")
        with serving(world.carl) as carl:
            expect(carl.ask("POST", f"/v1/jobs/{job}/stop")[0] == 200, "an operator does not stop it")
        eventually("it is stopped", lambda: "stopped by carl" in world.anna.gang("show", str(job))[1])


def another_user_of_the_machine_gets_nothing_from_the_port(world):
    with serving(world.anna) as anna:
        expect(anna.ask("GET", "/v1/jobs", token="")[0] == 401, "without a token")
        expect(anna.ask("GET", "/metrics", token="")[0] == 401, "metrics without a token")
        word = well(world.bert.gang("token", "add", "mine", "--role", "operate", "-q")).strip()
        expect(anna.ask("GET", "/v1/jobs", token=word)[0] == 401, "bert's token opens anna's gateway")
        word = well(world.anna.gang("token", "add", "mine", "--role", "read", "-q")).strip()
        expect(anna.ask("GET", "/v1/jobs", token=word)[0] == 200, "anna's own does not")
        denied(world.bert.run("cat", str(world.anna.home / ".local/state/gangline/tokens")), "Permission denied")
        # The words of the process, which everybody may see, have no token in them.
        expect(anna.token not in pathlib.Path(f"/proc/{anna.process.pid}/cmdline").read_text(), "it is in its words")


def the_command_line_asks_it_as_another_machines(world):
    with serving(world.anna) as anna:
        far = {"GANGLINE_SERVER": f"http://127.0.0.1:{anna.port}", "GANGLINE_TOKEN": anna.token}
        said = well(world.eve.gang("run", "--", "id", "-un", env=far))
        expect(said == "anna\n", said)
        said = well(world.eve.gang("top", "--once", env=far))
        expect("id" in said, said)
        denied(world.eve.gang("list", env=far | {"GANGLINE_TOKEN": "gang_wrong"}), "does not hold")


def what_a_person_may_not_know_is_in_no_stream(world):
    heard = []
    with serving(world.bert) as bert:
        line = http.client.HTTPConnection("127.0.0.1", bert.port, timeout=60)
        line.request("GET", "/v1/events", headers={"Authorization": f"Bearer {bert.token}"})
        stream = line.getresponse()

        def listen():
            with contextlib.suppress(OSError, ValueError):
                for row in stream:
                    heard.append(row.decode())
        threading.Thread(target=listen, daemon=True).start()
        job = job_of(well(world.anna.gang("submit", "--name", "anna-name", "--env", "X=anna-secret", "--", "sh", "-c", "exit 3")))
        world.anna.gang("wait", str(job))
        own = job_of(well(world.bert.gang("submit", "--name", "bert-name", "--", "true")))
        eventually("bert hears of his own", lambda: any("event: ended" in row for row in heard) and
                   f'"job":{own}' in "".join(heard))
        expect("anna-secret" not in "".join(heard), "a variable of anna's")
        line.close()


def the_service_for_all_is_started_by_root_alone(world):
    with serving(world.anna) as anna:
        well(root("gang", "daemon", "stop"))
        status, text = anna.ask("GET", "/v1/jobs")
        expect(status == 503 and "does not run" in text, f"{status} {text}")
        well(root("gang", "daemon", "start"))
        eventually("it answers again", lambda: anna.ask("GET", "/v1/jobs")[0] == 200)


CHECKS = [a_gateway_has_the_rights_of_who_started_it,
          another_user_of_the_machine_gets_nothing_from_the_port,
          the_command_line_asks_it_as_another_machines,
          what_a_person_may_not_know_is_in_no_stream,
          the_service_for_all_is_started_by_root_alone]


if __name__ == "__main__":
    sys.exit(run(CHECKS, lambda: root("gang", "daemon", "uninstall", "--now", "--delete-jobs")))
