"""What ../serve.ts is for JavaScript: requests and replies, one JSON object a line."""
import json
import math
import statistics
import sys
import time
import traceback

STABLE = 0.05


class Bench:
    """`run` makes `calls` calls; `figures` gives numbers that every competitor should agree on."""

    def __init__(self, run, figures=lambda: [], calls=1):
        self.run, self.figures, self.calls = run, figures, calls

    def time_one(self):
        start = time.perf_counter()
        self.run()
        return 1000 * (time.perf_counter() - start) / self.calls

    def time_for(self, ms):
        times, end = [], time.perf_counter() + ms / 1000
        while not times or time.perf_counter() < end:
            times.append(self.time_one())
        return times

    def warm(self, ms):
        medians, end = [], time.perf_counter() + ms / 1000
        while True:
            medians.append(statistics.median(self.time_for(min(100, ms / 4))))
            last = medians[-3:]
            if len(last) == 3 and max(last) < (1 + STABLE) * min(last) or time.perf_counter() >= end:
                return medians


def answer(benches, made, op, bench, ms=0):
    make = benches.get(bench, "–")
    if isinstance(make, str):
        return {"missing": make}
    if bench not in made:
        made[bench] = make()
    ready = made[bench]
    if op == "check":
        return {"figures": ready.figures()}
    if op == "first":
        return {"ms": [ready.time_one(), ready.time_one()]}
    return {"ms": ready.warm(ms) if op == "warm" else ready.time_for(ms)}


def serve(version, benches):
    made = {}

    def say(reply):
        print(json.dumps(reply), flush=True)

    say({"version": version})
    for line in sys.stdin:
        try:
            say(answer(benches, made, **json.loads(line)))
        except Exception:
            say({"failed": traceback.format_exc()})


def figures_of(array):
    """Norm, first and last element of a numpy array."""
    flat = array.reshape(-1)
    return [math.sqrt(float((flat.astype("float64") ** 2).sum())), float(flat[0]), float(flat[-1])]


def norm(array):
    return figures_of(array)[0]
