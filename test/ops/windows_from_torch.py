"""Writes torchWindows.ts, known values: python3 test/ops/windows_from_torch.py > test/ops/torchWindows.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import torch
import torch.nn.functional as F
from torch.autograd import grad


def numbers(shape, seed):
    """Small whole numbers, so that the results are exact in every order of summation."""
    n = 1
    for size in shape:
        n *= size
    return torch.tensor([(seed + 7 * i * i + 3 * i) % 11 - 5 for i in range(n)], dtype=torch.float64).reshape(shape)


def flat(x):
    return [int(v) if v == int(v) else v for v in x.flatten().tolist()]


convolutions = [
    dict(name='one axis', x=[2, 2, 6], w=[3, 2, 3], options=dict(stride=[2], padding=[1])),
    dict(name='one axis, dilated, in groups', x=[1, 4, 7], w=[2, 2, 3], options=dict(dilation=[2], groups=2)),
    dict(name='three axes', x=[1, 2, 3, 4, 3], w=[2, 2, 2, 3, 2], options=dict(stride=[1, 2, 1], padding=[1, 0, 1])),
    dict(name='three axes, dilated, depthwise', x=[1, 2, 3, 3, 4], w=[2, 1, 2, 1, 2], options=dict(dilation=[2, 1, 3], groups=2)),
]
transposed = [
    dict(name='plain', x=[1, 2, 3, 3], w=[2, 3, 2, 2], options={}),
    dict(name='strides', x=[2, 1, 2, 3], w=[1, 2, 3, 2], options=dict(stride=[2, 3])),
    dict(name='padding and more at the end', x=[1, 2, 3, 2], w=[2, 1, 3, 3], options=dict(stride=[2, 2], padding=[1, 1], output_padding=[1, 0])),
    dict(name='dilation', x=[1, 1, 2, 3], w=[1, 2, 2, 2], options=dict(stride=[1, 2], dilation=[2, 3], padding=[1, 0], output_padding=[1, 2])),
    dict(name='groups', x=[1, 4, 2, 2], w=[4, 1, 2, 3], options=dict(groups=2, stride=[2, 1])),
    dict(name='strides longer than the kernel', x=[1, 1, 3, 2], w=[1, 1, 1, 2], options=dict(stride=[2, 3], output_padding=[1, 1])),
    dict(name='one axis', x=[2, 2, 4], w=[2, 3, 3], options=dict(stride=[2], padding=[1], output_padding=[1])),
    dict(name='three axes', x=[1, 2, 2, 1, 2], w=[2, 2, 2, 2, 3], options=dict(stride=[2, 1, 2], padding=[0, 0, 1], groups=2)),
]
pools = [
    dict(name='one axis', x=[2, 2, 7], options=dict(kernel_size=[3], stride=[2], padding=[1])),
    dict(name='three axes', x=[1, 1, 4, 3, 4], options=dict(kernel_size=[2, 3, 2], stride=[2, 1, 2], padding=[1, 1, 0])),
]
conv = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
back = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
largest = {1: F.max_pool1d, 3: F.max_pool3d}
mean = {1: F.avg_pool1d, 3: F.avg_pool3d}


def passes(case, f):
    x = numbers(case['x'], 1).requires_grad_()
    w = numbers(case['w'], 4).requires_grad_()
    y = f(x, w, **case['options'])
    ct = numbers(y.shape, 2)
    dx, dw = grad(y, [x, w], ct)
    return dict(case, xs=flat(x), ws=flat(w), shape=list(y.shape), value=flat(y), ct=flat(ct), dx=flat(dx), dw=flat(dw))


print('/** Written by windows_from_torch.py with PyTorch %s. Inputs are small whole numbers; channels first, arrays are flat. */' % torch.__version__)
for name, cases, f in [('convolutions', convolutions, conv), ('transposed', transposed, back)]:
    print('export const %s = [' % name)
    for case in cases:
        print('  ' + json.dumps(passes(case, f[len(case['x']) - 2])) + ',')
    print('] as const')
print('export const pools = [')
for case in pools:
    rank = len(case['x']) - 2
    x = numbers(case['x'], 1)
    print('  ' + json.dumps(dict(case, xs=flat(x), max=flat(largest[rank](x, **case['options'])), mean=flat(mean[rank](x, count_include_pad=False, **case['options'])), padded=flat(mean[rank](x, count_include_pad=True, **case['options'])))) + ',')
print('] as const')
