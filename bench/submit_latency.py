"""Median time of a submit over the service's socket in microseconds, on one open connection.

usage: submit_latency.py SOCKET AFTER COUNT
"""
import http.client
import json
import os
import socket
import statistics
import sys
import time


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])


connection = UnixConnection("gangline")
environment = [list(item) for item in os.environ.items()]
spec = {"name": "late", "command": {"shell": False, "words": ["true"]}, "dir": "/", "after": [sys.argv[2]], "inherited": environment}
body = json.dumps(spec)
times = []
for _ in range(int(sys.argv[3])):
    begin = time.perf_counter()
    connection.request("POST", "/v1/jobs", body)
    answer = connection.getresponse()
    text = answer.read()
    times.append(time.perf_counter() - begin)
    if answer.status != 200:
        raise SystemExit(text.decode())
print(round(statistics.median(times) * 1e6))
