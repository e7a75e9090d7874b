"""Writes torch.ts, known values: python3 test/nn/losses/from_torch.py > test/nn/losses/torch.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(0)


def some(*shape, scale=2.0):
    """Normal numbers with four decimals, so that they are the same when read again."""
    return (scale * torch.randn(*shape, dtype=torch.float64) * 1e4).round() / 1e4


def case(f, *inputs):
    """Losses of samples, their mean, and the gradient of the mean in the first argument."""
    x = inputs[0].clone().requires_grad_()
    values = {r: f(x, *inputs[1:], r) for r in ('none', 'sum', 'mean')}
    (dx,) = torch.autograd.grad(values['mean'], [x])
    return dict({r: v.detach().tolist() for r, v in values.items()}, dx=dx.tolist())


x, y = some(4, 3), some(4, 3)
labels = torch.tensor([2, 0, 0, 1])
q = (torch.softmax(some(4, 3), 1) * 1e4).round() / 1e4
w = torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)
signs = torch.tensor([[1.0, -1, 1], [-1, -1, 1], [1, 1, -1], [-1, 1, 1]], dtype=torch.float64)
z = torch.tensor([[0.0, 1, 0.25], [1, 1, 0], [0.5, 0, 1], [0, 0.75, 1]], dtype=torch.float64)
counts = torch.tensor([[0.0, 1, 4], [2, 1, 0], [3, 0, 7], [0, 5, 1]], dtype=torch.float64)
a, p, n = some(4, 3), some(4, 3, scale=1.0), some(4, 3)


def hinge(power):
    def f(x, signs, reduction):
        losses = torch.clamp(1 - signs * x, min=0) ** power
        return losses if reduction == 'none' else getattr(losses, reduction)()
    return f


def log_cosh(x, y, reduction):
    losses = torch.log(torch.cosh(x - y))
    return losses if reduction == 'none' else getattr(losses, reduction)()


def kl(log):
    def f(x, q, reduction):
        """By row; the mean is 'batchmean'."""
        losses = F.kl_div(F.log_softmax(x, 1), q, reduction='none', log_target=log).sum(1)
        return losses if reduction == 'none' else getattr(losses, reduction)()
    return f


def smooth_sigmoid(x, z, r):
    return F.binary_cross_entropy_with_logits(x, z * 0.8 + 0.1, reduction=r)


print('// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: they are results')
print('/** Written by from_torch.py with PyTorch %s, in float64. `dx` is the gradient of the mean in the first argument. */' % torch.__version__)
print('export const inputs = ' + json.dumps({k: v.tolist() for k, v in dict(x=x, y=y, labels=labels, q=q, w=w, signs=signs, z=z, counts=counts, a=a, p=p, n=n).items()}))
print('export const losses = {')
for name, result in {
    'crossEntropy': case(lambda x, t, r: F.cross_entropy(x, t, reduction=r), x, labels),
    'crossEntropySmooth': case(lambda x, t, r: F.cross_entropy(x, t, label_smoothing=0.2, reduction=r), x, labels),
    'crossEntropyWeights': case(lambda x, t, r: F.cross_entropy(x, t, w, reduction=r), x, labels),
    'crossEntropyBoth': case(lambda x, t, r: F.cross_entropy(x, t, w, label_smoothing=0.2, reduction=r), x, labels),
    'probabilities': case(lambda x, t, r: F.cross_entropy(x, t, reduction=r), x, q),
    'probabilitiesBoth': case(lambda x, t, r: F.cross_entropy(x, t, w, label_smoothing=0.2, reduction=r), x, q),
    'sigmoid': case(lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, reduction=r), x, z),
    'sigmoidPosWeight': case(lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, pos_weight=w, reduction=r), x, z),
    'sigmoidSmooth': case(smooth_sigmoid, x, z),
    'mse': case(lambda x, t, r: F.mse_loss(x, t, reduction=r), x, y),
    'mseSoftmax': case(lambda x, t, r: F.mse_loss(torch.softmax(x, 1), F.one_hot(t, 3).double(), reduction=r), x, labels),
    'mae': case(lambda x, t, r: F.l1_loss(x, t, reduction=r), x, y),
    'huber': case(lambda x, t, r: F.huber_loss(x, t, delta=1.5, reduction=r), x, y),
    'smoothL1': case(lambda x, t, r: F.smooth_l1_loss(x, t, beta=1.5, reduction=r), x, y),
    'logCosh': case(log_cosh, x, y),
    'poissonNll': case(lambda x, t, r: F.poisson_nll_loss(x, t, reduction=r), x, counts),
    'kl': case(kl(False), x, q),
    'klLog': case(kl(True), x, F.log_softmax(y, 1)),
    'hinge': case(hinge(1), x, signs),
    'squaredHinge': case(hinge(2), x, signs),
    'multiclassHinge': case(lambda x, t, r: F.multi_margin_loss(x, t, reduction=r), x, labels),
    'multiclassHingeSquared': case(lambda x, t, r: F.multi_margin_loss(x, t, p=2, margin=0.5, reduction=r), x, labels),
    'cosine': case(lambda x, t, r: F.cosine_embedding_loss(x, t, torch.ones(4), reduction=r), x, y),
    'triplet': case(lambda a, p, n, r: F.triplet_margin_loss(a, p, n, eps=0, reduction=r), a, p, n),
}.items():
    print('  %s: %s,' % (name, json.dumps(result)))
print('} as const')
