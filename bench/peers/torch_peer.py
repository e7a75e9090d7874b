"""PyTorch on the CPU, with as many threads as the first argument says."""
import sys

import torch
import torch.nn.functional as F
from torch import nn

import inputs
from serve import Bench, figures_of, norm, serve

torch.set_num_threads(int(sys.argv[1]))
torch.set_num_interop_threads(1)


def tensor(array):
    return torch.from_numpy(array.copy())


def matmul(n):
    a, b = map(tensor, inputs.matrices(n))
    return Bench(lambda: a @ b, lambda: figures_of((a @ b).numpy()))


def training(model, optimizer, x, y):
    """A step of training, and as figures the losses of three steps and all gradients of the first."""

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def figures():
        losses = [step()]
        gradients = [norm(p.grad.numpy()) for p in model.parameters()]
        return [*losses, step(), step(), *gradients]

    return Bench(step, figures)


def mlp():
    layers = []
    for w, b in inputs.mlp_parameters():
        layer = nn.Linear(*w.shape)
        layer.weight.data, layer.bias.data = tensor(w.T), tensor(b)
        layers += [layer, nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=inputs.RATES["mlp"])
    return training(model, optimizer, tensor(inputs.vectors()), tensor(inputs.vector_labels()))


def cnn(rate, batch=inputs.CNN_BATCH):
    layers = []
    for (taps, channels, pool), (w, b) in zip(inputs.CNN, inputs.cnn_parameters()):
        layer = nn.Conv2d(w.shape[2], channels, taps)
        layer.weight.data, layer.bias.data = tensor(w.transpose(3, 2, 0, 1)), tensor(b)
        norm_ = nn.BatchNorm2d(channels, eps=inputs.EPSILON, momentum=inputs.RUNNING)
        layers += [layer, nn.ReLU(), norm_, nn.Dropout(rate), *([nn.MaxPool2d(2)] if pool else [])]
    model = nn.Sequential(*layers[:-3], nn.Flatten())
    optimizer = torch.optim.Adam(model.parameters(), lr=inputs.RATES["cnn"])
    x, y = inputs.images(batch).transpose(0, 3, 1, 2), inputs.image_labels(batch)
    return training(model, optimizer, tensor(x), tensor(y))


def elementwise(a, b, c):
    return torch.tanh(a * b + c) * torch.sigmoid(a)


def forward():
    args = list(map(tensor, inputs.columns()))
    return Bench(lambda: elementwise(*args), lambda: figures_of(elementwise(*args).numpy()))


def gradient():
    args = [tensor(x).requires_grad_() for x in inputs.columns()]

    def run():
        return torch.autograd.grad(elementwise(*args).sum(), args)

    return Bench(run, lambda: [figure for g in run() for figure in figures_of(g.numpy())])


def logistic():
    x, y = tensor(inputs.observations()), tensor(inputs.outcomes())
    w, b = tensor(inputs.coefficients()).requires_grad_(), torch.zeros((), requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=inputs.RATES["logistic"])

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(x @ w + b, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return Bench(step, lambda: [step(), norm(w.grad.numpy()), norm(b.grad.numpy()), step(), step()])


def copy_in():
    batch = inputs.images()
    return Bench(lambda: tensor(batch)[0, 0, 0, 0].item())


def tiny():
    a, b = torch.arange(8.0), torch.ones(8)

    def run():
        for _ in range(1000):
            torch.add(a, b)

    return Bench(run, calls=1000)


serve(
    f"torch {torch.__version__}",
    {
        "matmul 512": lambda: matmul(512),
        "matmul 1024": lambda: matmul(1024),
        "mlp": mlp,
        "cnn": lambda: cnn(inputs.DROPOUT),
        "cnn without dropout": lambda: cnn(0),
        "small cnn without dropout": lambda: cnn(0, inputs.SMALL_BATCH),
        "elementwise": forward,
        "elementwise gradient": gradient,
        "logistic": logistic,
        "copy-in": copy_in,
        "tiny eager": tiny,
        "tiny jitted": "eager only",
    },
)
