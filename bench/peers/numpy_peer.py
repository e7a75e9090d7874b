"""numpy with gradients written by hand: what the arithmetic itself costs. For orientation; no target refers to it."""
import numpy as np

import inputs
from serve import Bench, figures_of, norm, serve


def matmul(n):
    a, b = inputs.matrices(n)
    return Bench(lambda: a @ b, lambda: figures_of(a @ b))


def mlp():
    params = [[w, b] for w, b in inputs.mlp_parameters()]
    x, y = inputs.vectors(), inputs.vector_labels()
    rows = np.arange(inputs.BATCH)
    rate = np.float32(inputs.RATES["mlp"])

    def gradient():
        hidden = [x]
        for i, (w, b) in enumerate(params):
            z = hidden[-1] @ w + b
            hidden.append(np.maximum(z, 0) if i < len(params) - 1 else z)
        shifted = hidden[-1] - hidden[-1].max(1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        ct = np.exp(log_p)
        ct[rows, y] -= 1
        ct /= np.float32(inputs.BATCH)
        grads = []
        for i in reversed(range(len(params))):
            grads.insert(0, (hidden[i].T @ ct, ct.sum(0)))
            if i > 0:
                ct = (ct @ params[i][0].T) * (hidden[i] > 0)
        return -float(log_p[rows, y].mean()), grads

    def step():
        loss, grads = gradient()
        for layer, (dw, db) in zip(params, grads):
            layer[0] -= rate * dw
            layer[1] -= rate * db
        return loss

    def figures():
        norms = [norm(g) for pair in gradient()[1] for g in pair]
        return [step(), step(), step(), *norms]

    return Bench(step, figures)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elementwise(a, b, c):
    return np.tanh(a * b + c) * sigmoid(a)


def forward():
    args = inputs.columns()
    return Bench(lambda: elementwise(*args), lambda: figures_of(elementwise(*args)))


def gradient():
    a, b, c = inputs.columns()

    def run():
        t, s = np.tanh(a * b + c), sigmoid(a)
        dz = (1 - t * t) * s
        return dz * b + t * s * (1 - s), dz * a, dz

    return Bench(run, lambda: [figure for g in run() for figure in figures_of(g)])


def logistic():
    x, y = inputs.observations(), inputs.outcomes()
    w, b = inputs.coefficients(), np.float32(0)
    rate = np.float32(inputs.RATES["logistic"])

    def value_and_gradient():
        z = x @ w + b
        loss = float((np.logaddexp(np.float32(0), z) - y * z).mean())
        dz = (sigmoid(z) - y) / np.float32(len(y))
        return loss, x.T @ dz, dz.sum()

    def step():
        nonlocal w, b
        loss, dw, db = value_and_gradient()
        w, b = w - rate * dw, b - rate * db
        return loss

    def figures():
        _, dw, db = value_and_gradient()
        return [step(), norm(dw), abs(float(db)), step(), step()]

    return Bench(step, figures)


by_hand = "not written by hand"
serve(
    f"numpy {np.__version__}",
    {
        "matmul 512": lambda: matmul(512),
        "matmul 1024": lambda: matmul(1024),
        "mlp": mlp,
        "cnn": by_hand,
        "cnn without dropout": by_hand,
        "small cnn without dropout": by_hand,
        "elementwise": forward,
        "elementwise gradient": gradient,
        "logistic": logistic,
    },
)
