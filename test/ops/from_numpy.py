"""Writes numpy.ts, known values: python3 test/ops/from_numpy.py > test/ops/numpy.ts"""
import json
import numpy as np

x = np.arange(24).reshape(2, 3, 4)
m = np.arange(6).reshape(2, 3)
v = np.arange(5)
known = {
    'concatenate axis 0': np.concatenate([m, m + 10]),
    'concatenate axis -1': np.concatenate([m, m[:, :1] + 10, m[:, :0]], axis=-1),
    'stack axis 0': np.stack([m, m + 10]),
    'stack axis 1': np.stack([m, m + 10], axis=1),
    'stack axis -1': np.stack([m, m + 10], axis=-1),
    'split into 3 axis 1': [a.tolist() for a in np.split(m, 3, axis=1)],
    'split at 1 4': [a.tolist() for a in np.split(v, [1, 4])],
    'split at 3 1 9': [a.tolist() for a in np.split(v, [3, 1, 9])],
    'split at -2': [a.tolist() for a in np.split(v, [-2])],
    'tile 2': np.tile(m, 2),
    'tile 2 1': np.tile(m, (2, 1)),
    'tile 2 1 2': np.tile(m, (2, 1, 2)),
    'tile vector 2 3': np.tile(v[:2], (2, 3)),
    'pad 1 0 0 2': np.pad(m, [(1, 0), (0, 2)]),
    'pad constant 7': np.pad(m, [(1, 0), (0, 2)], constant_values=7),
    'flip all': np.flip(x),
    'flip axis 1': np.flip(x, 1),
    'transpose 2 0 1': np.transpose(x, (2, 0, 1)),
    'moveaxis 0 to 2': np.moveaxis(x, 0, 2),
    'take axis 0': np.take(m, [1, 0, 1], axis=0),
    'take axis 1 matrix': np.take(m, [[2, 0], [-1, 1]], axis=1),
    'take_along_axis 1': np.take_along_axis(m, np.array([[2, -1], [0, 1]]), axis=1),
    'outer': np.outer(v[:3], m),
    'dot 3d 2d': np.dot(x, x[0, :, :2].repeat(2, 0)[:4]),
    'dot 2d 3d': np.dot(m, x),
    'matmul 3d vector': np.matmul(x, v[:4]),
    'matmul vector 3d': np.matmul(v[:3], x),
    'sum axis 0 2': x.sum(axis=(0, 2)),
    'sum keepdims': x.sum(axis=1, keepdims=True),
    'prod axis 2': (x % 3 + 1).prod(axis=2),
    'max axis 1': x.max(axis=1),
    'argmax all': (x % 7).argmax(),
    'argmax axis 1': (x % 7).argmax(axis=1),
    'argmin axis 2': (x % 7).argmin(axis=2),
    'variance ddof 1': np.var(x, axis=2, ddof=1),
    'std axis 0': np.std(x, axis=0),
    'argsort': np.argsort(x % 7, axis=1, kind='stable'),
    'sort': np.sort(x % 7, axis=0),
    'arange 2 11 3': np.arange(2, 11, 3),
    'arange 5 0 -2': np.arange(5, 0, -2),
    'arange 0 1 0.1': np.arange(0, 1, 0.1),
    'linspace 0 1 5': np.linspace(0, 1, 5),
    'linspace 1 1 1': np.linspace(1, 9, 1),
    'eye 3 4 1': np.eye(3, 4, 1),
    'eye 3 offset -1': np.eye(3, k=-1),
}

a = [-7, -7, 7, 7, -6, 6, 0, 1]
b = [2, -2, 2, -2, 3, -3, 5, -1]
known['floor_divide int'] = np.floor_divide(np.int32(a), np.int32(b))
known['mod int'] = np.mod(np.int32(a), np.int32(b))
fa = [5.5, -5.5, 5.5, -5.5, 1.0, -1.0, 6.0]
fb = [2.0, 2.0, -2.0, -2.0, 0.25, 0.25, 3.0]
known['floor_divide float'] = np.floor_divide(fa, fb)
known['mod float'] = np.mod(fa, fb)
known['round'] = np.round([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2.4, -2.6])
known['sign'] = np.sign([-2.5, 0.0, 3.0])
known['logaddexp'] = np.logaddexp([0, 1000, -1000, 1], [0, 1000, -1000, -50])
known['arctan2'] = np.arctan2([1, 1, -1, -1, 0, 0], [1, -1, 1, -1, 1, -1])
known['cbrt'] = np.cbrt([-27.0, 0.0, 8.0, 2.0])
points = [-0.9, -0.3, 0.0, 0.5, 0.75]
for name in ['exp', 'expm1', 'log1p', 'sin', 'cos', 'tan', 'arcsin', 'arccos', 'arctan', 'sinh', 'cosh', 'tanh', 'arcsinh', 'arctanh']:
    known[name] = getattr(np, name)(points)
for name in ['log', 'log2', 'sqrt', 'arccosh']:
    known[name] = getattr(np, name)([1.0, 1.5, 2.0, 10.0])


def plain(value):
    return value.tolist() if hasattr(value, 'tolist') else value


print('// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: they are results')
print('/** Written by from_numpy.py with NumPy %s. */\nexport const numpy = {' % np.__version__)
for name, value in known.items():
    print(f'  {json.dumps(name)}: {json.dumps(plain(value))},')
print('}')
