"""Prints known.ts: what jax.random gives on a CPU with its default generator.

    python -m venv jaxenv && jaxenv/bin/pip install jax==0.10.2
    jaxenv/bin/python test/random/known.py > test/random/known.ts && npx biome check --write test/random/known.ts
"""

import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_platforms", "cpu")
assert jax.config.jax_threefry_partitionable

r = jax.random
K = r.key
f32, f64, i32 = jnp.float32, jnp.float64, jnp.int32
matrix = jnp.arange(12, dtype=f32).reshape(3, 4)
logits = jnp.array([[0.0, 1.0, -1.0, 0.5], [2.0, -jnp.inf, 0.25, 0.0], [-3.0, -2.0, -1.0, -4.0]], f32)
signed = lambda x: np.asarray(x).view(np.int32)
bits = lambda key, shape: signed(r.bits(key, shape, jnp.uint32))
data = lambda key: signed(r.key_data(key))
full = dict(minval=-(2**31), maxval=2**31 - 1)


def wide(f):
    """f with 64-bit types, which JAX narrows by default; with them `choice` draws 64-bit positions, hence others."""
    jax.config.update("jax_enable_x64", True)
    result = jax.tree.map(np.asarray, f())
    jax.config.update("jax_enable_x64", False)
    return result


values = {
    "keys": wide(lambda: [data(K(s)) for s in (0, 42, 2**31 + 5, 2**32 + 7, 2**53 - 1)]),
    "split": {"0/2": data(r.split(K(0))), "0/3": data(r.split(K(0), 3)), "42/5": data(r.split(K(42), 5))},
    "foldIn": {n: data(r.fold_in(K(42), np.uint32(n))) for n in (0, 4, 123456789, 2**32 - 1)},
    "bits": {
        "0[]": bits(K(0), ()),
        "0[5]": bits(K(0), (5,)),
        "42[2,3]": bits(K(42), (2, 3)),
        "split 42[4]": bits(r.split(K(42))[1], (4,)),
    },
    "uniform": {
        "0[5]": r.uniform(K(0), (5,), f32),
        "42[2,3]": r.uniform(K(42), (2, 3), f32),
        "42[4] in [-2,3)": r.uniform(K(42), (4,), f32, -2.0, 3.0),
        "0[4] float64": wide(lambda: r.uniform(K(0), (4,), f64)),
        "42[4] float64 in [-2,3)": wide(lambda: r.uniform(K(42), (4,), f64, -2.0, 3.0)),
    },
    "normal": {
        "0[5]": r.normal(K(0), (5,), f32),
        "42[]": r.normal(K(42), (), f32),
        "42[2,3]": r.normal(K(42), (2, 3), f32),
        "0[4] float64": wide(lambda: r.normal(K(0), (4,), f64)),
    },
    "truncatedNormal": {
        "42[6] in (-2,2)": r.truncated_normal(K(42), -2.0, 2.0, (6,), f32),
        "42[6] in (0.5,inf)": r.truncated_normal(K(42), 0.5, jnp.inf, (6,), f32),
        "42[4] float64 in (-2,2)": wide(lambda: r.truncated_normal(K(42), -2.0, 2.0, (4,), f64)),
    },
    "gumbel": {"0[5]": r.gumbel(K(0), (5,), f32), "0[4] float64": wide(lambda: r.gumbel(K(0), (4,), f64))},
    "exponential": {
        "0[5]": r.exponential(K(0), (5,), f32),
        "0[4] float64": wide(lambda: r.exponential(K(0), (4,), f64)),
    },
    "bernoulli": {
        "42[12] p=0.3": r.bernoulli(K(42), np.float32(0.3), (12,)).astype(i32),
        "42[2,3] p=[0.1,0.5,0.9]": r.bernoulli(K(42), jnp.array([0.1, 0.5, 0.9], f32), (2, 3)).astype(i32),
    },
    "randint": {
        "0[8] in [0,10)": r.randint(K(0), (8,), 0, 10, i32),
        "42[6] in [-5,1000000)": r.randint(K(42), (6,), -5, 1000000, i32),
        "42[6] in [0,2147483647)": r.randint(K(42), (6,), 0, 2**31 - 1, i32),
        "42[6] in [-2147483648,2147483647)": r.randint(K(42), (6,), dtype=i32, **full),
        "42[3] in [7,7)": r.randint(K(42), (3,), 7, 7, i32),
        "42[2,3] in [0,[2,30,70000])": r.randint(K(42), (2, 3), 0, jnp.array([2, 30, 70000], i32), i32),
    },
    "permutation": {
        "0: 10": r.permutation(K(0), 10),
        "42: first of 2000": r.permutation(K(42), 2000)[:10],
        "42: matrix": r.permutation(K(42), matrix),
        "42: matrix, axis 1": r.permutation(K(42), matrix, axis=1),
        "42: matrix, axis 1, independent": r.permutation(K(42), matrix, axis=1, independent=True),
    },
    "categorical": {
        "42": r.categorical(K(42), logits),
        "42 axis 0": r.categorical(K(42), logits, axis=0),
        "42 [5,3]": r.categorical(K(42), logits, shape=(5, 3)),
        "0 one row [12]": r.categorical(K(0), logits[0], shape=(12,)),
    },
    "choice": {
        "42: [2,3] of 10": r.choice(K(42), 10, (2, 3)),
        "42: [4] of 10, once": r.choice(K(42), 10, (4,), replace=False),
        "42: [2] of matrix, axis 1": r.choice(K(42), matrix, (2,), axis=1),
        "42: [2] of matrix, axis 1, once": r.choice(K(42), matrix, (2,), axis=1, replace=False),
    },
}


def plain(x):
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, list):
        return [plain(v) for v in x]
    x = np.asarray(x)
    return (x.astype(np.float64) if x.dtype.kind == "f" else x).tolist()


about = f"What jax.random {jax.__version__} gives on a CPU; printed by known.py, which says how. Words are int32 bits."
print(f"/** {about} */")
print(f"export const jax = {json.dumps(plain(values))} as const")
