"""A terminal of tmux on a pretended machine: keys go in, what it shows comes out."""
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "documents"))
from run_documents import Machine  # noqa: E402

LONGEST_WAIT_S = 30
# What differs from run to run by its nature.
FORMS = [
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "<time>"),
    (re.compile(r"\b(\d+\.\d+s|\d+s|\d+m\d\ds|\d+h\d\dm|\d+d\d\dh)\b"), "<span>"),
    (re.compile(r"[\d.]+[MGT] of memory"), "<n> of memory"),
    (re.compile(r"[▁▂▃▄▅▆▇█_.:=+*#-]{2,10}(?=\s)"), "<line>"),
    (re.compile(r"(<time>|<span>)\s+"), r"\1 "),
    (re.compile(r"\s+"), " "),
]


def form_of(line):
    for pattern, form in FORMS:
        line = pattern.sub(form, line)
    return line.strip()


class Terminal:
    """A shell in a terminal of this size, on this machine."""

    count = 0

    def __init__(self, machine, columns=80, rows=24, **environment):
        Terminal.count += 1
        self.machine = machine
        self.socket = str(machine.place / f"tmux{Terminal.count}")
        variables = {**machine.environment, "LC_ALL": "C.UTF-8", "PS1": "shell> ", "TERM": "xterm-256color", **environment}
        for one in ("TMUX", "TMUX_PANE"):
            variables.pop(one, None)
        words = [f"{name}={value}" for name, value in variables.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-c", str(machine.work), "-x", str(columns), "-y", str(rows), "env", "-i", *words,
                  "TERM=" + environment.get("TERM", "screen-256color"), "bash", "--noprofile", "--norc", "-i")
        self.until(lambda text: "shell>" in text, "the shell's prompt")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *words], check=True, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.machine.place)}).stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def command(self, text):
        self.type(text)
        self.keys("Enter")

    def text(self):
        return self.tmux("capture-pane", "-p")

    def lines(self):
        return self.text().split("\n")

    def until(self, question, what):
        """What it shows once `question` says yes to it."""
        end = time.monotonic() + LONGEST_WAIT_S
        while True:
            text = self.text()
            if question(text):
                return text
            if time.monotonic() > end:
                raise AssertionError(f"it never showed {what}; it shows:\n{text}")
            time.sleep(0.05)

    def shows(self, *words):
        return self.until(lambda text: all(word in text for word in words), " and ".join(map(repr, words)))

    def shows_no(self, word):
        return self.until(lambda text: word not in text, f"a screen without {word!r}")

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def click(self, column, row):
        """Both from 0, as a terminal tells that the left button was pressed and let go of."""
        for button in " #":
            self.type(f"\x1b[M{button}{chr(33 + column)}{chr(33 + row)}")

    def pids(self):
        """Of `gang top` here: the parent and the one that draws."""
        shell = int(self.tmux("display-message", "-p", "#{pane_pid}"))
        parents = subprocess.run(["pgrep", "-P", str(shell)], capture_output=True, text=True).stdout.split()
        parent = int(parents[0])
        child = subprocess.run(["pgrep", "-n", "-P", str(parent)], capture_output=True, text=True).stdout.split()
        return parent, int(child[0])

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)
