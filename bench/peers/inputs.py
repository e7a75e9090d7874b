"""The numbers of ../inputs.ts, bit for bit, as numpy arrays."""
import math
import numpy as np

BATCH, CLASSES, CNN_BATCH, SMALL_BATCH = 64, 10, 128, 8
DROPOUT, EPSILON, RUNNING = 0.1, 1e-5, 0.1
MLP = [784, 500, 250, 100, CLASSES]
# taps, channels, whether max-pooling follows
CNN = [
    (3, 16, False),
    (3, 16, False),
    (1, 10, True),
    (3, 16, False),
    (3, 16, False),
    (3, 16, False),
    (3, 16, False),
    (4, CLASSES, False),
]
ELEMENTS = 1_000_000
LOGISTIC = (50_000, 90)
RATES = {"mlp": 0.01, "cnn": 0.001, "logistic": 0.1}


def _hash(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def uniform(seed, shape, low=-1.0, high=1.0):
    start = _hash(np.array([seed], np.uint32))
    i = np.arange(math.prod(shape), dtype=np.uint32)
    unit = (_hash(start + i) >> np.uint32(8)).astype(np.float64) * 2.0**-24
    return (low + (high - low) * unit).astype(np.float32).reshape(shape)


def labels(seed, n, classes):
    return np.floor(uniform(seed, (n,), 0, classes)).astype(np.int64)


def _weights(seed, shape):
    bound = math.sqrt(6 / math.prod(shape[:-1]))
    return uniform(seed, shape, -bound, bound)


def _biases(seed, n):
    return uniform(seed, (n,), -0.1, 0.1)


def mlp_parameters():
    """Weights [in, out] and biases [out], layer by layer."""
    sizes = zip(MLP, MLP[1:])
    return [(_weights(100 + i, (m, n)), _biases(200 + i, n)) for i, (m, n) in enumerate(sizes)]


def cnn_parameters():
    """Kernels [height, width, in, out] and biases [out], layer by layer."""
    before = [1] + [channels for _, channels, _ in CNN]
    return [
        (_weights(300 + i, (taps, taps, before[i], channels)), _biases(400 + i, channels))
        for i, (taps, channels, _) in enumerate(CNN)
    ]


def images(n=CNN_BATCH):
    return uniform(1, (n, 28, 28, 1))


def image_labels(n=CNN_BATCH):
    return labels(2, n, CLASSES)


def vectors():
    return uniform(3, (BATCH, MLP[0]), 0, 1)


def vector_labels():
    return labels(4, BATCH, CLASSES)


def matrices(n):
    return uniform(5, (n, n)), uniform(6, (n, n))


def columns():
    return [uniform(seed, (ELEMENTS,)) for seed in (7, 8, 9)]


def observations():
    return uniform(10, LOGISTIC)


def outcomes():
    return labels(11, LOGISTIC[0], 2).astype(np.float32)


def coefficients():
    return uniform(12, (LOGISTIC[1],), -0.1, 0.1)
