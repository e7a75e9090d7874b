"""Writes torch.ts, known values: python3 test/nn/from_torch.py > test/nn/torch.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def numbers(shape, seed):
    """Uneven numbers between -1 and 1."""
    n = 1
    for size in shape:
        n *= size
    return torch.tensor([((seed + 7 * i * i + 3 * i) % 23 - 11) / 11 for i in range(n)]).reshape(shape)


def fill(module):
    """Parameters that do not depend on a generator."""
    for i, (_, p) in enumerate(module.named_parameters()):
        p.data = numbers(list(p.shape), 5 * i + 2) / 2
    return module


def array(x):
    return x.detach().tolist()


def params(module):
    return {name.replace('.', '_'): array(p) for name, p in module.named_parameters()}


def grads(module, y, x):
    """Gradients of a weighted sum of the outputs."""
    ct = numbers(list(y.shape), 3)
    names = [name.replace('.', '_') for name, _ in module.named_parameters()]
    dx, *dp = torch.autograd.grad((y * ct).sum(), [x, *module.parameters()])
    return dict(ct=array(ct), dx=array(dx), dparams={name: array(d) for name, d in zip(names, dp)})


def last(x):
    """Channels last."""
    return x.movedim(1, -1)


def first(x):
    return x.movedim(-1, 1)


def conv(module, rank, shape):
    """x channels last; kernels stay as PyTorch has them."""
    fill(module)
    x = numbers(shape, 1)
    return dict(rank=rank, x=array(x), y=array(last(module(first(x)))), **params(module))


def batch_norm():
    out = {}
    for name, momentum in [('a', 0.1), ('b', 0.25)]:
        module = fill(nn.BatchNorm2d(3, momentum=momentum))
        x = numbers([2, 2, 2, 3], 1).requires_grad_()
        train = last(module(first(x)))
        case = dict(momentum=momentum, x=array(x), train=array(train), mean=array(module.running_mean), variance=array(module.running_var), **params(module))
        case.update(grads(module, train, x))
        module.eval()
        case['evaluated'] = array(last(module(first(x))))
        out[name] = case
    return list(out.values())


def norm(module, x, channels_first=False):
    fill(module)
    x = x.requires_grad_()
    y = last(module(first(x))) if channels_first else module(x)
    return dict(x=array(x), y=array(y), **params(module), **grads(module, y, x))


def recurrent(module):
    fill(module)
    x = numbers([2, 4, 3], 1).requires_grad_()
    y, end = module(x)
    end = end if isinstance(end, tuple) else (end,)
    return dict(x=array(x), y=array(y), end=[array(e[0]) for e in end], **params(module), **grads(module, y, x))


def attention(causal, cross):
    module = fill(nn.MultiheadAttention(4, 2, batch_first=True))
    x = numbers([2, 3, 4], 1).requires_grad_()
    memory = numbers([2, 5, 4], 6) if cross else x
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1) if causal else None
    y, _ = module(x, memory, memory, attn_mask=mask)
    return dict(causal=causal, x=array(x), memory=array(memory), y=array(y), **params(module), **grads(module, y, x))


def embedding():
    module = fill(nn.Embedding(5, 3))
    x = torch.tensor([[0, 2, 2], [4, 2, 0]])
    y = module(x)
    ct = numbers(list(y.shape), 3)
    (d,) = torch.autograd.grad((y * ct).sum(), list(module.parameters()))
    return dict(x=array(x), y=array(y), ct=array(ct), table=array(module.weight), dtable=array(d))


cases = dict(
    convolutions=[
        dict(name='conv1d', options=dict(strides=2, padding=1), **conv(nn.Conv1d(2, 3, 3, stride=2, padding=1), 1, [2, 5, 2])),
        dict(name='conv2d', options=dict(padding=[1, 0]), **conv(nn.Conv2d(2, 3, [3, 2], padding=[1, 0]), 2, [1, 3, 4, 2])),
        dict(name='conv2d, groups and dilation', options=dict(groups=2, dilation=2), **conv(nn.Conv2d(4, 2, [2, 2], groups=2, dilation=2, bias=False), 2, [1, 3, 4, 4])),
        dict(name='conv3d', options={}, **conv(nn.Conv3d(1, 2, [2, 1, 2]), 3, [1, 2, 2, 3, 1])),
    ],
    transposed=[
        dict(name='convTranspose1d', options=dict(strides=2, padding=1, outputPadding=1), **conv(nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), 1, [2, 3, 2])),
        dict(name='convTranspose2d', options=dict(strides=2, padding=0), **conv(nn.ConvTranspose2d(2, 3, 2, stride=2), 2, [1, 2, 3, 2])),
        dict(name='convTranspose2d, groups', options=dict(groups=2, padding=0), **conv(nn.ConvTranspose2d(4, 2, [2, 2], groups=2, bias=False), 2, [1, 2, 2, 4])),
    ],
    batchNorms=batch_norm(),
    layerNorms=[dict(features=4, eps=1e-5, **norm(nn.LayerNorm(4), numbers([2, 3, 4], 1))), dict(features=3, eps=0.1, **norm(nn.LayerNorm(3, eps=0.1), numbers([4, 3], 2)))],
    groupNorms=[dict(groups=g, **norm(nn.GroupNorm(g, 4), numbers([2, 2, 3, 4], 1), True)) for g in (1, 2, 4)],
    lstm=recurrent(nn.LSTM(3, 2, batch_first=True)),
    gru=recurrent(nn.GRU(3, 2, batch_first=True)),
    rnn=recurrent(nn.RNN(3, 2, batch_first=True)),
    attentions=[attention(False, False), attention(True, False), attention(False, True)],
    embeddings=[embedding()],
)

print('/** Written by from_torch.py with PyTorch %s. Images channels last, weights as PyTorch has them. */' % torch.__version__)
for name, case in cases.items():
    print('export const %s = %s' % (name, json.dumps(case)))
