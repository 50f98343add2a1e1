#!/usr/bin/env python3
"""check_top.py --gang PROGRAM [--write] [NAME...]: `gang top` driven by keys in tmux, its screens captured and compared.

Each function below is a test, its name a sentence. Recorded screens stand in screens/; --write records them anew, for a
person to look through. Ends with 77, which CTest takes for skipped, where there is no tmux.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from terminal import Machine, Terminal, form_of  # noqa: E402

SKIPPED = 77
EIGHT = "64 cpus, eight_gpus"
write_screens = False


class World:
    """A pretended machine with terminals on it."""

    def __init__(self, gang, wanted=EIGHT):
        self.machine = Machine(gang, wanted)
        self.terminals = []

    def sh(self, command):
        lines = self.machine.run(command)
        assert lines is not None, f"{command} did not end"
        return "\n".join(lines)

    def until(self, command):
        assert self.machine.run(f"until {command}; do sleep 0.02; done >/dev/null 2>&1") is not None, command

    def terminal(self, *size, **environment):
        self.terminals.append(Terminal(self.machine, *size, **environment))
        return self.terminals[-1]

    def top(self, *size, **environment):
        terminal = self.terminal(*size, **environment)
        terminal.command("clear; gang top; echo ended with $?")
        terminal.shows("1 Devices", "gpu 7")
        return terminal

    def close(self):
        for terminal in self.terminals:
            terminal.close()
        self.machine.close()


def like_recorded(world, terminal, name):
    """Whether the screen is the one in screens/NAME.txt, but for what differs by its nature."""
    file = HERE / "screens" / f"{name}.txt"
    text = "\n".join(world.machine.told(terminal.text().rstrip("\n").split("\n"))) + "\n"
    text = text.replace("(root)", "(anna)").replace("of root:", "of anna:").replace(" root ", " anna ")
    if write_screens:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    said = [form_of(line) for line in file.read_text().rstrip("\n").split("\n")]
    shown = [form_of(line) for line in text.rstrip("\n").split("\n")]
    for number, (one, other) in enumerate(zip(said + [""] * len(shown), shown), 1):
        assert one == other, f"{file.name}:{number} says\n  {one}\nand it shows\n  {other}\nof\n{text}"


def small_world(world):
    world.sh("gang submit -q --gpus 2 --name resnet --time 1h -- sh -c 'echo step 1; echo step 2; exec sleep 1000'")
    world.until("gang logs 1 | grep -q 'step 2'")
    world.sh("gang submit -q --gpus 8 --name big --time 2h -- true")
    world.sh("gang run -q -- false")


def the_four_pages_and_the_help_are_as_recorded(world):
    small_world(world)
    top = world.top()
    top.shows("1 resnet", "95W")
    like_recorded(world, top, "devices_80x24")
    top.keys("2")
    top.shows("WAITING: 1", "failed: rank 0")
    like_recorded(world, top, "jobs_80x24")
    top.keys("j", "Enter")
    top.shows("stdout of gang 1.0", "step 2", "gang 1.0: running")
    like_recorded(world, top, "job_80x24")
    top.keys("4")
    top.shows("promised", "gpu 7", "1 resnet")
    top.keys("l", "l")
    top.shows("1 resnet", "2 big")
    top.keys("?")
    top.shows("any key goes back")
    like_recorded(world, top, "help_80x24")
    top.keys("?", "q")
    top.shows("ended with 0")


def at_60_by_15_it_says_what_is_left_out(world):
    small_world(world)
    top = world.top(60, 15)
    top.shows("1 resnet", "95W", "left out here for want of room: MODEL, TEMP")
    like_recorded(world, top, "devices_60x15")
    top.keys("2")
    top.shows("left out here for want of room: USER, START", "big")
    like_recorded(world, top, "jobs_60x15")


def too_small_a_terminal_says_what_it_needs_and_grows(world):
    top = world.terminal(30, 6)
    top.command("gang top")
    top.shows("too small")
    top.resize(80, 24)
    top.shows("1 Devices", "gpu 7", "q quit")
    top.resize(100, 30)
    top.until(lambda text: "q quit" in text.rstrip("\n").split("\n")[-1] and text.count("\n") >= 29, "thirty rows")


def without_utf8_only_ascii_is_sent(world):
    small_world(world)
    top = world.top(80, 24, LC_ALL="C")
    pages = {"1": "WHO", "2": "WAITING: 1", "3": "stdout of", "4": "promised"}
    for page in pages:
        top.keys(page)
        text = top.shows(pages[page])
        assert text.isascii(), text


def logs_are_followed_and_what_would_garble_the_screen_is_text(world):
    world.sh("gang submit -q --name 'evil' -- sh -c 'printf \"red \\033[31mtext\\007\\n\"; printf \"up\\rdown\\n\"; echo \"日本語|e\u0301|\"; "
             "while [ ! -e go ]; do sleep 0.05; done; echo later; exec sleep 1000'")
    world.until("gang logs 1 | grep -q down")
    top = world.top()
    top.keys("2")
    top.shows("evil")
    top.keys("Enter")
    top.shows(r"red \x1b[31mtext\x07", "\nup\n", "\ndown\n", "日本語|e\u0301|")
    world.sh("touch go")
    top.shows("\nlater\n")


def a_job_is_stopped_only_after_yes(world):
    small_world(world)
    top = world.top()
    top.keys("2")
    top.shows("resnet")
    top.keys("x")
    top.shows("stop job 2 (big)? y: yes, n: no")
    top.keys("Enter", "j", "n")
    top.shows_no("stop job 2")
    assert world.sh("gang show -q 2") == "waiting"
    top.keys("j", "x")
    top.shows("stop job 1 (resnet)?")
    top.keys("y")
    top.shows("asked to stop: job 1 (resnet)")
    top.shows("stopped by")


def why_tells_what_blocks_a_job(world):
    small_world(world)
    top = world.top()
    top.keys("2")
    top.shows("big")
    top.keys("w")
    top.shows("why; w shows the log again", "8 gpus wanted, 6 free", "with this change")
    top.keys("Escape")
    top.shows("stdout of gang 2.0")
    top.keys("Escape")
    top.shows("WAITING: 1")


def a_filter_shows_only_what_has_it(world):
    small_world(world)
    top = world.top()
    top.shows("1 resnet")
    top.keys("/")
    top.type("resn")
    top.shows("show what has in it: resn")
    top.keys("Enter")
    top.shows_no("gpu 2")
    top.shows("gpu 1", "with 'resn' in it")
    top.keys("Escape")
    top.shows("gpu 2")


def the_mouse_chooses_and_opens_pages(world):
    small_world(world)
    top = world.top()
    top.shows("1 resnet")
    top.click(13, 0)
    top.shows("WAITING: 1", "resnet")
    for together in (False, True):
        top.click(10, 6, together)
        top.keys("Enter")
        top.shows("stdout of gang 1.0")
        top.click(13, 0, together)
        top.shows("WAITING: 1")
        top.keys("k")


def the_cells_of_a_sweep_lead_to_the_log_of_each(world):
    world.sh("gang run -q --name sweep --sweep n=1..20 -- sh -c 'echo this is {n}; test {n} != 3'; true")
    top = world.top()
    top.keys("2")
    top.shows("sweep")
    top.keys("Enter")
    top.shows("20 gangs: 19 well, 1 badly", "ddfddddddddddddddddd", "this is 3", "gang 1.2 n=3: failed")
    top.keys("Right")
    top.shows("this is 4", "gang 1.3 n=4: ended well")


def the_service_is_killed_and_started_while_it_is_open(world):
    small_world(world)
    top = world.top()
    top.shows("1 resnet")
    world.sh("kill -9 $(gang daemon status -q)")
    text = top.shows("OLD, of ", "S starts one")
    assert "1 resnet" in text, text
    world.sh("gang submit -q --name after -- true; gang wait after")
    top.shows_no("OLD")
    top.keys("2")
    top.shows("after", "ended well")
    world.sh("kill -9 $(gang daemon status -q)")
    top.shows("OLD, of ")
    top.keys("S")
    top.shows_no("OLD")


def a_service_that_gives_no_answer_is_said_and_keys_go_on(world):
    small_world(world)
    top = world.top()
    top.shows("1 resnet")
    service = int(world.sh("gang daemon status -q"))
    os.kill(service, signal.SIGSTOP)
    top.shows("OLD, of ", "1 resnet")
    top.keys("?")
    top.shows("any key goes back")
    top.keys("?", "2")
    top.shows("JOB NAME", "OLD, of ")
    os.kill(service, signal.SIGCONT)
    top.shows_no("OLD, of ")
    top.shows("WAITING: 1")


def another_machines_service_is_shown_and_its_gateway_may_be_killed(world):
    small_world(world)
    serve = "gang serve --port {} --json >serve.json 2>serve.err & echo $! >serve.pid; until [ -s serve.json ]; do sleep 0.02; done"
    world.sh(serve.format(0))
    address = json.loads(world.sh("cat serve.json"))["address"]
    word = world.sh("gang token add far --role submit -q").strip()
    far = {"GANGLINE_STATE": str(world.machine.place / "elsewhere"), "GANGLINE_SERVER": address, "GANGLINE_TOKEN": word}
    top = world.top(**far)
    top.shows("1 resnet")
    world.sh("kill -9 $(cat serve.pid); rm serve.json")
    text = top.shows("OLD, of ", "nobody answers there")
    assert "S starts one" not in text and "1 resnet" in text, text
    world.sh("gang submit -q --name after -- true; gang wait after")
    world.sh(serve.format(address.rsplit(":", 1)[1].strip("/")))
    top.shows_no("OLD")
    top.keys("2")
    top.shows("after", "ended well")
    world.sh("gang token remove far")
    top.shows("OLD, of ", "this token does not hold")
    top.keys("q")
    terminal = world.terminal(**far)
    terminal.command("clear; gang top; echo ended with $?")
    terminal.shows("this token does not hold", "ended with 1")
    terminal.shows_no("1 Devices")
    world.sh("kill $(cat serve.pid)")


def ended_by(world, name, end, code):
    """Ends `gang top` and expects the terminal to be as it was, and the screen of before."""
    terminal = world.terminal()
    terminal.command("stty -a > before; echo what stood here")
    terminal.command("gang top; code=$?; stty -a > after; echo ended with $code")
    terminal.shows("1 Devices", "gpu 7")
    terminal.shows_no("what stood here")
    end(terminal)
    text = terminal.shows("what stood here", f"ended with {code}")
    assert "1 Devices" not in text, f"{name}: {text}"
    assert world.sh("cmp before after && echo same") == "same", world.sh("diff before after")
    terminal.command("echo typed is shown")
    terminal.shows("\ntyped is shown")
    return text


def all_ends_give_the_terminal_back(world):
    ended_by(world, "q", lambda top: top.keys("q"), 0)
    ended_by(world, "Ctrl-C", lambda top: top.keys("C-c"), 0)
    for name, code in (("TERM", 143), ("HUP", 129)):
        number = getattr(signal, "SIG" + name)
        ended_by(world, name, lambda top, n=number: os.kill(top.pids()[0], n), code)
        ended_by(world, f"{name} of the one that draws", lambda top, n=number: os.kill(top.pids()[1], n), code)


def crashes_give_the_terminal_back(world):
    for name in ("SEGV", "ABRT", "KILL"):
        number = getattr(signal, "SIG" + name)
        text = ended_by(world, name, lambda top, n=number: os.kill(top.pids()[1], n), 128 + number)
        assert f"ended by signal {int(number)}" in text, text


def a_parent_that_is_killed_leaves_no_screen_behind(world):
    drawing = []

    def end(top):
        parent, child = top.pids()
        drawing.append(child)
        os.kill(parent, signal.SIGKILL)

    ended_by(world, "KILL of the parent", end, 137)
    world.until(f"! kill -0 {drawing[0]} 2>/dev/null")


def it_is_stopped_and_goes_on(world):
    top = world.top()
    top.keys("C-z")
    top.shows("Stopped")
    top.command("echo typed is shown")
    top.shows("\ntyped is shown")
    top.command("fg")
    top.shows("1 Devices", "gpu 7")
    top.keys("2")
    top.shows("no jobs")
    top.keys("q")
    top.shows("ended with")


def what_is_no_terminal_is_told_so(world):
    assert "needs a terminal" in world.sh("gang top; echo $?")
    assert "nothing is known here of a terminal called 'nonsense'" in terminal_says(world, "nonsense")
    assert "cannot move its cursor" in terminal_says(world, "dumb")
    lines = world.sh("gang top --once")
    assert "gpu 7" in lines and "no jobs" in lines, lines


def terminal_says(world, term):
    terminal = world.terminal(200, 24)
    terminal.command(f"TERM={term} gang top; echo ended with $?")
    return terminal.shows("ended with 1")


def without_colours_there_are_none(world):
    top = world.top(80, 24, NO_COLOR="1")
    shown = top.tmux("capture-pane", "-p", "-e")
    assert "gpu 7" in shown and not re.search(r"\x1b\[[\d;]*3[0-7]", shown), shown


TESTS = [the_four_pages_and_the_help_are_as_recorded, at_60_by_15_it_says_what_is_left_out,
         too_small_a_terminal_says_what_it_needs_and_grows, without_utf8_only_ascii_is_sent,
         logs_are_followed_and_what_would_garble_the_screen_is_text, a_job_is_stopped_only_after_yes,
         why_tells_what_blocks_a_job, a_filter_shows_only_what_has_it, the_mouse_chooses_and_opens_pages,
         the_cells_of_a_sweep_lead_to_the_log_of_each, the_service_is_killed_and_started_while_it_is_open,
         a_service_that_gives_no_answer_is_said_and_keys_go_on,
         another_machines_service_is_shown_and_its_gateway_may_be_killed,
         all_ends_give_the_terminal_back, crashes_give_the_terminal_back,
         a_parent_that_is_killed_leaves_no_screen_behind, it_is_stopped_and_goes_on,
         what_is_no_terminal_is_told_so, without_colours_there_are_none]


def main():
    global write_screens
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    parser.add_argument("--write", action="store_true", help="record the screens anew")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    write_screens = arguments.write
    if not shutil.which("tmux"):
        print("skipped: there is no tmux here (package tmux)")
        sys.exit(SKIPPED)
    # A document's machine ends its commands by SIGALRM.
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    failed = 0
    for test in TESTS:
        if arguments.names and test.__name__ not in arguments.names:
            continue
        begun = time.monotonic()
        world = World(arguments.gang.resolve())
        try:
            test(world)
            verdict = "well"
        except (AssertionError, subprocess.CalledProcessError, OSError, IndexError):
            traceback.print_exc()
            verdict = "FAILED"
            failed += 1
        finally:
            world.close()
        print(f"{verdict}: {test.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
