"""Writes torch.ts, known values: python3 test/ops/from_torch.py > test/ops/torch.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import torch
import torch.nn.functional as F


def numbers(shape, seed):
    """Small whole numbers, so that the results are exact in every order of summation."""
    n = 1
    for size in shape:
        n *= size
    return torch.tensor([(seed + 7 * i * i + 3 * i) % 11 - 5 for i in range(n)], dtype=torch.float64).reshape(shape)


convolutions = [
    dict(name='plain', x=[1, 1, 4, 4], w=[1, 1, 3, 3], options={}),
    dict(name='channels and batch', x=[2, 3, 4, 5], w=[2, 3, 2, 3], options={}),
    dict(name='strides', x=[1, 2, 5, 6], w=[3, 2, 3, 2], options=dict(stride=[2, 3])),
    dict(name='padding', x=[1, 1, 3, 3], w=[2, 1, 3, 3], options=dict(padding=[1, 2])),
    dict(name='dilation', x=[1, 1, 6, 6], w=[1, 1, 2, 3], options=dict(dilation=[3, 2])),
    dict(name='groups', x=[1, 4, 3, 3], w=[6, 2, 2, 2], options=dict(groups=2)),
    dict(name='depthwise', x=[1, 3, 4, 4], w=[3, 1, 3, 3], options=dict(groups=3, padding=[1, 1], stride=[2, 2])),
    dict(name='everything', x=[2, 4, 6, 7], w=[4, 2, 2, 3], options=dict(groups=2, padding=[2, 1], stride=[2, 1], dilation=[2, 2])),
]
pools = [
    dict(name='window 2', x=[1, 2, 4, 4], options=dict(kernel_size=[2, 2], stride=[2, 2])),
    dict(name='overlap', x=[1, 1, 5, 6], options=dict(kernel_size=[3, 2], stride=[1, 2])),
    dict(name='padding', x=[1, 1, 4, 5], options=dict(kernel_size=[3, 3], stride=[2, 2], padding=[1, 1])),
]
points = [-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.5]
activations = {
    'relu': F.relu, 'elu': F.elu, 'selu': F.selu, 'silu': F.silu, 'mish': F.mish, 'gelu': F.gelu,
    'geluTanh': lambda x: 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))), 'softplus': F.softplus, 'logSigmoid': F.logsigmoid,
    'softsign': F.softsign, 'relu6': F.relu6, 'hardTanh': F.hardtanh, 'hardSigmoid': F.hardsigmoid,
    'hardSwish': F.hardswish, 'leakyRelu': F.leaky_relu, 'sigmoid': torch.sigmoid, 'tanh': torch.tanh,
    'erf': torch.erf, 'erfc': torch.erfc,
}

print('// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: they are results')
print('/** Written by from_torch.py with PyTorch %s. Inputs are small whole numbers; layout NCHW, arrays are flat. */' % torch.__version__)
print('export const convolutions = [')
for case in convolutions:
    x = numbers(case['x'], 1).requires_grad_()
    w = numbers(case['w'], 4).requires_grad_()
    y = F.conv2d(x, w, **case['options'])
    ct = numbers(y.shape, 2)
    dx, dw = torch.autograd.grad(y, [x, w], ct)
    print('  ' + json.dumps(dict(case, value=y.flatten().tolist(), ct=ct.flatten().tolist(), dx=dx.flatten().tolist(), dw=dw.flatten().tolist(), xs=x.flatten().tolist(), ws=w.flatten().tolist())) + ',')
print('] as const\nexport const pools = [')
for case in pools:
    x = numbers(case['x'], 1)
    largest = F.max_pool2d(x, **case['options'])
    mean = F.avg_pool2d(x, count_include_pad=False, **case['options'])
    padded = F.avg_pool2d(x, count_include_pad=True, **case['options'])
    print('  ' + json.dumps(dict(case, xs=x.flatten().tolist(), max=largest.flatten().tolist(), mean=mean.flatten().tolist(), padded=padded.flatten().tolist())) + ',')
print('] as const\nexport const points = ' + json.dumps(points))
print('/** Values and derivatives at the points. */\nexport const activations = {')
for name, f in activations.items():
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    y = f(x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    print(f'  {name}: ' + json.dumps(dict(value=y.flatten().tolist(), derivative=dx.flatten().tolist())) + ',')
print('}')
