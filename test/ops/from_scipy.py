"""Writes scipy.ts, known values of linear algebra: python3 test/ops/from_scipy.py > test/ops/scipy.ts"""
import json
import numpy as np
import scipy.linalg as sl

a = np.array([[4.0, -2.0, 1.0], [3.0, 6.0, -4.0], [2.0, 1.0, 8.0]])
b = np.array([[12.0, 1.0], [-25.0, 2.0], [32.0, 3.0]])
p = a @ a.T
tall = np.array([[1.0, -2.0], [3.0, 4.0], [-5.0, 6.0], [0.0, 1.0]])


def positive(rows):
    """Vectors with their largest component positive."""
    return np.array([r * np.sign(r[np.argmax(np.abs(r))]) for r in rows])


batch = np.stack([a, a[[2, 0, 1]] - 1])
known = {
    'solve': np.linalg.solve(a, b),
    'solve vector': np.linalg.solve(a, b[:, 0]),
    'solve batch': np.linalg.solve(batch, b),
    'solve batch vector': np.linalg.solve(batch, b[:, 0]),
    'inv': np.linalg.inv(a),
    'det': np.linalg.det(a),
    'det batch': np.linalg.det(batch),
    'slogdet batch': [x.tolist() for x in np.linalg.slogdet(batch)],
    'cholesky': np.linalg.cholesky(p),
    'qr': [x.tolist() for x in np.linalg.qr(a)],
    'qr tall': [x.tolist() for x in np.linalg.qr(tall)],
    'qr wide': [x.tolist() for x in np.linalg.qr(tall.T)],
    'lstsq tall': np.linalg.lstsq(tall, np.arange(4.0), rcond=None)[0],
    'lstsq wide': np.linalg.lstsq(tall.T, b[:2], rcond=None)[0],
    'eigenvalues': np.linalg.eigh(p)[0],
    'eigenvectors': positive(np.linalg.eigh(p)[1].T),
    'singular values': np.linalg.svd(tall)[1],
    'right singular vectors': positive(np.linalg.svd(tall, full_matrices=False)[2]),
    'matrix_power 5': np.linalg.matrix_power(a, 5),
    'matrix_power -2': np.linalg.matrix_power(a, -2),
}
for lower in [False, True]:
    for trans in [0, 1]:
        for unit in [False, True]:
            known[f'solve_triangular {lower} {trans == 1} {unit}'] = sl.solve_triangular(
                a, b, lower=lower, trans=trans, unit_diagonal=unit)


def plain(value):
    return value.tolist() if hasattr(value, 'tolist') else value


print('// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: they are results')
print('/** Written by from_scipy.py with NumPy %s. */\nexport const scipy = {' % np.__version__)
for name, value in known.items():
    print(f'  {json.dumps(name)}: {json.dumps(plain(value))},')
print('}')
