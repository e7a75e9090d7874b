"""From the start of an import to the first result: `python3 ready.py torch` prints milliseconds."""
import sys
import time

start = time.perf_counter()
if sys.argv[1] == "torch":
    import torch

    two = torch.add(torch.ones(()), 1).item()
else:
    import numpy

    two = numpy.add(1, 1)
elapsed = 1000 * (time.perf_counter() - start)
assert two == 2
print(elapsed)
