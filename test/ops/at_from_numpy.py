"""Writes at-numpy.ts, indexing as NumPy has it: python3 test/ops/at_from_numpy.py > test/ops/at-numpy.ts"""
import json
import numpy as np

rng = np.random.default_rng(7)


def item(n):
    """An item for an axis of size n, as JSON."""
    kind = rng.integers(0, 8)
    if kind == 0:
        return int(rng.integers(-n, n))
    if kind == 1:
        bounds = [None if rng.random() < 0.4 else int(rng.integers(-n - 2, n + 3)) for _ in range(2)]
        return [*bounds, int(rng.choice([1, 2, -1, -2]))]
    if kind == 2:
        return None
    if kind == 3:
        return {'mask': rng.integers(0, 2, n).astype(bool).tolist()}
    shape = [(), (2,), (1,), (2, 1), (2, 2)][rng.integers(0, 5)]
    return {'positions': rng.integers(-n, n, shape).tolist()}


def draw():
    shape = rng.integers(1, 4, rng.integers(1, 5)).tolist()
    count = int(rng.integers(1, len(shape) + 1))
    index = []
    front = rng.random() < 0.5
    for n in shape[:count] if front else shape[-count:]:
        if rng.random() < 0.2:
            index.append('newAxis')
        index.append(item(n))
    if not front:
        return shape, ['...', *index]
    # An ellipsis for no axes still stands between.
    if count == len(shape) and rng.random() < 0.3:
        index.insert(int(rng.integers(0, len(index) + 1)), '...')
    return shape, index


def real(index):
    def one(i):
        if i == '...':
            return Ellipsis
        if i == 'newAxis':
            return np.newaxis
        if i is None:
            return slice(None)
        if isinstance(i, list):
            return slice(*i)
        if isinstance(i, dict):
            return np.array(i['mask']) if 'mask' in i else np.array(i['positions'], dtype=int)
        return i
    return tuple(one(i) for i in index)


def case(shape, index):
    x = np.arange(int(np.prod(shape))).reshape(shape)
    at = real(index)
    got = x[at]
    values = (np.arange(got.size) * 7 % 5 + 2).reshape(got.shape)
    put = x.copy()
    put[at] = values
    added, multiplied, least, most = x.copy(), x.copy(), x.copy(), x.copy()
    np.add.at(added, at, values)
    np.multiply.at(multiplied, at, values)
    np.minimum.at(least, at, values)
    np.maximum.at(most, at, values)
    flat = lambda a: np.asarray(a).reshape(-1).tolist()
    return {
        'shape': shape, 'index': index, 'to': list(got.shape), 'get': flat(got), 'set': flat(put), 'add': flat(added),
        'mul': flat(multiplied), 'min': flat(least), 'max': flat(most),
    }


P = lambda *v: {'positions': list(v)}
chosen = [
    ([5, 2, 3], [None, P(0, 1), '...', P(0, 1)]),
    ([5, 2, 3], [None, P(0, 1), P(0, 1)]),
    ([5, 2, 3], [None, P(0, 1), 'newAxis', P(0, 1)]),
    ([2, 3, 4], [0, None, P(0, 1)]),
    ([2, 3, 4], [None, 0, P(0, 1)]),
    ([2, 3, 4], [{'positions': 1}, None, 0]),
    ([2, 2, 3], [{'mask': [[True, False], [True, True]]}]),
    ([2, 2, 3], [{'mask': [[True, False], [True, True]]}, 1]),
    ([3, 2, 2], [1, {'mask': [[True, False], [True, True]]}]),
    ([3], [{'mask': [False, False, False]}]),
    ([2, 3], []),
    ([], []),
    ([], ['newAxis']),
    ([3], [P(0, 0, 2, 0)]),
]
cases = [case(*c) for c in chosen]
while len(cases) < 70:
    shape, index = draw()
    try:
        cases.append(case(shape, index))
    except IndexError:  # tensors of positions that do not broadcast
        continue

print('// biome-ignore-all format: a case a line')
print(f'/** Written by at_from_numpy.py with NumPy {np.__version__}, of arange(n) in the given shape; results in row-major order. */')
print("""/** Slices are lists, tensors of positions and masks are objects. */
type Item = number | null | string | readonly (number | null)[] | { readonly [kind in 'positions' | 'mask']?: unknown }
type Results = { readonly [method in 'get' | 'set' | 'add' | 'mul' | 'min' | 'max']: readonly number[] }
type Case = Results & { readonly shape: readonly number[]; readonly index: readonly Item[]; readonly to: readonly number[] }

export const cases: readonly Case[] = [""")
for c in cases:
    fields = ', '.join(f'{name}: {json.dumps(value)}' for name, value in c.items())
    print('  { ' + fields.replace('"', "'") + ' },')
print(']')
