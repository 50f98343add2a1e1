#!/usr/bin/env python3
"""best.py OUT RESULT...: copies the result with the best accuracy on the validation digits to OUT."""
import json
import sys

results = []
for path in sys.argv[2:]:
    with open(path) as file:
        results.append(json.load(file))
for result in sorted(results, key=lambda one: one["lr"]):
    print(f"lr {result['lr']:<6g} {100 * result['validation']:6.2f} % right on the validation digits")
best = max(results, key=lambda one: one["validation"])
print(f"best: lr {best['lr']:g}")
with open(sys.argv[1], "w") as file:
    json.dump(best, file)
