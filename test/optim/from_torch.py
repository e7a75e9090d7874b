"""Writes torch.ts, known values: python3 test/optim/from_torch.py > test/optim/torch.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import warnings
import torch
from torch.optim import lr_scheduler as L

warnings.simplefilter('ignore')
# NAdam keeps a product of momenta in the default dtype.
torch.set_default_dtype(torch.float64)

xs = torch.tensor([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0], [1.0, 1.0]])
ys = torch.tensor([[0.5, -0.25, 0.0], [0.75, 0.5, -0.5], [-0.9, 0.1, 0.4], [0.2, -0.6, 0.8]])
STEPS = 25
SHOWN = [1, 2, 3, 6, 7, 12, 25]


def loss(w, b):
    """Neither convex nor symmetric."""
    return ((torch.tanh(xs @ w + b) - ys) ** 2).mean() + 0.1 * torch.sin(3 * w).sum() + 0.05 * torch.cos(2 * b).sum()


def start():
    w = torch.tensor([[0.3, -0.7, 1.1], [-0.2, 0.9, 0.4]], requires_grad=True)
    b = torch.tensor([0.1, -0.4, 0.6], requires_grad=True)
    return [w, b]


class Transcribed:
    """An optimizer from a rule (p, g, state, t) -> new p, for papers that PyTorch 1.13 does not have."""

    def __init__(self, params, rule):
        self.params, self.rule, self.t = params, rule, 0
        self.states = [{} for _ in params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        self.t += 1
        with torch.no_grad():
            for p, state in zip(self.params, self.states):
                p.copy_(self.rule(p.clone(), p.grad, state, self.t))


def lion(lr, b1=0.9, b2=0.99, wd=0.0):
    """Chen et al. (2023), algorithm 2."""
    def rule(p, g, state, t):
        m = state.get('m', torch.zeros_like(p))
        update = torch.sign(b1 * m + (1 - b1) * g)
        state['m'] = b2 * m + (1 - b2) * g
        return p - lr * (update + wd * p)
    return rule


def lamb(lr, b1=0.9, b2=0.999, eps=1e-6, wd=0.0):
    """You et al. (2020), algorithm 2, with phi(z) = z."""
    def rule(p, g, state, t):
        state['m'] = b1 * state.get('m', torch.zeros_like(p)) + (1 - b1) * g
        state['v'] = b2 * state.get('v', torch.zeros_like(p)) + (1 - b2) * g * g
        m = state['m'] / (1 - b1 ** t)
        v = state['v'] / (1 - b2 ** t)
        u = m / (v.sqrt() + eps) + wd * p
        return p - lr * (p.norm() / u.norm()) * u
    return rule


def course(make, schedule=None):
    """The parameters after the steps SHOWN, flat."""
    params = start()
    optimizer = make(params)
    scheduler = schedule(optimizer) if schedule else None
    points = []
    for t in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss(*params).backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        if t in SHOWN:
            points.append([x for p in params for x in p.detach().flatten().tolist()])
    return points


O = torch.optim
# Name and options as here, and the same of PyTorch.
optimizers = [
    ('sgd', dict(learningRate=0.1), lambda p: O.SGD(p, 0.1)),
    ('sgd', dict(learningRate=0.1, momentum=0.9), lambda p: O.SGD(p, 0.1, momentum=0.9)),
    ('sgd', dict(learningRate=0.1, momentum=0.9, nesterov=True), lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    ('sgd', dict(learningRate=0.1, momentum=0.8, dampening=0.3), lambda p: O.SGD(p, 0.1, momentum=0.8, dampening=0.3)),
    ('sgd', dict(learningRate=0.1, momentum=0.9, weightDecay=0.2), lambda p: O.SGD(p, 0.1, momentum=0.9, weight_decay=0.2)),
    ('rmsprop', dict(learningRate=0.01), lambda p: O.RMSprop(p, 0.01)),
    ('rmsprop', dict(learningRate=0.01, decay=0.9, eps=1e-3, weightDecay=0.1), lambda p: O.RMSprop(p, 0.01, alpha=0.9, eps=1e-3, weight_decay=0.1)),
    ('rmsprop', dict(learningRate=0.01, momentum=0.8), lambda p: O.RMSprop(p, 0.01, momentum=0.8)),
    ('rmsprop', dict(learningRate=0.01, centred=True, decay=0.8), lambda p: O.RMSprop(p, 0.01, alpha=0.8, centered=True)),
    ('rmsprop', dict(learningRate=0.01, centred=True, momentum=0.5), lambda p: O.RMSprop(p, 0.01, centered=True, momentum=0.5)),
    ('adam', dict(learningRate=0.05), lambda p: O.Adam(p, 0.05)),
    ('adam', dict(learningRate=0.05, b1=0.5, b2=0.9, eps=1e-2, weightDecay=0.1), lambda p: O.Adam(p, 0.05, betas=(0.5, 0.9), eps=1e-2, weight_decay=0.1)),
    ('amsgrad', dict(learningRate=0.05, b2=0.9), lambda p: O.Adam(p, 0.05, betas=(0.9, 0.9), amsgrad=True)),
    ('adamW', dict(learningRate=0.05), lambda p: O.AdamW(p, 0.05)),
    ('adamW', dict(learningRate=0.05, weightDecay=0.3, b1=0.8, b2=0.9, eps=1e-3), lambda p: O.AdamW(p, 0.05, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3)),
    ('adamW', dict(learningRate=0.05, weightDecay=0.1, b2=0.9, amsgrad=True), lambda p: O.AdamW(p, 0.05, betas=(0.9, 0.9), weight_decay=0.1, amsgrad=True)),
    ('adagrad', dict(learningRate=0.1), lambda p: O.Adagrad(p, 0.1)),
    ('adagrad', dict(learningRate=0.1, learningRateDecay=0.2, initial=0.5, eps=1e-3, weightDecay=0.1), lambda p: O.Adagrad(p, 0.1, lr_decay=0.2, initial_accumulator_value=0.5, eps=1e-3, weight_decay=0.1)),
    ('adadelta', dict(), lambda p: O.Adadelta(p)),
    ('adadelta', dict(learningRate=0.5, decay=0.8, eps=1e-2, weightDecay=0.1), lambda p: O.Adadelta(p, 0.5, rho=0.8, eps=1e-2, weight_decay=0.1)),
    ('adamax', dict(learningRate=0.05), lambda p: O.Adamax(p, 0.05)),
    ('adamax', dict(learningRate=0.05, b1=0.7, b2=0.8, eps=1e-2, weightDecay=0.1), lambda p: O.Adamax(p, 0.05, betas=(0.7, 0.8), eps=1e-2, weight_decay=0.1)),
    # Without foreach, PyTorch 1.13 multiplies one momentum too many; see its issue about NAdam, mended in version 2.
    ('nadam', dict(learningRate=0.05), lambda p: O.NAdam(p, 0.05, foreach=True)),
    ('nadam', dict(learningRate=0.05, b1=0.7, b2=0.9, eps=1e-2, momentumDecay=0.1, weightDecay=0.1), lambda p: O.NAdam(p, 0.05, betas=(0.7, 0.9), eps=1e-2, momentum_decay=0.1, weight_decay=0.1, foreach=True)),
    ('radam', dict(learningRate=0.05), lambda p: O.RAdam(p, 0.05)),
    ('radam', dict(learningRate=0.05, b1=0.7, b2=0.95, eps=1e-2, weightDecay=0.1), lambda p: O.RAdam(p, 0.05, betas=(0.7, 0.95), eps=1e-2, weight_decay=0.1)),
    ('radam', dict(learningRate=0.05, b2=0.5), lambda p: O.RAdam(p, 0.05, betas=(0.9, 0.5))),
    ('lion', dict(learningRate=0.01), lambda p: Transcribed(p, lion(0.01))),
    ('lion', dict(learningRate=0.01, b1=0.5, b2=0.8, weightDecay=0.3), lambda p: Transcribed(p, lion(0.01, 0.5, 0.8, 0.3))),
    ('lamb', dict(learningRate=0.05), lambda p: Transcribed(p, lamb(0.05))),
    ('lamb', dict(learningRate=0.05, b1=0.7, b2=0.9, eps=1e-2, weightDecay=0.3), lambda p: Transcribed(p, lamb(0.05, 0.7, 0.9, 1e-2, 0.3))),
]
# The same with a schedule, which the test makes itself.
scheduled = {
    'sgd with one cycle of rate and momentum': course(lambda p: O.SGD(p, 0.1, momentum=0.9), lambda o: L.OneCycleLR(o, 0.3, total_steps=30)),
    'adam with cosine decay': course(lambda p: O.Adam(p, 0.1), lambda o: L.CosineAnnealingLR(o, 25)),
    'adamW with steps': course(lambda p: O.AdamW(p, 0.1, weight_decay=0.2), lambda o: L.StepLR(o, 6, 0.3)),
}


def rates(make, steps, lr=1.0, key='lr', **options):
    """The rate (or another option) of each step from 0 to steps - 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.5)
    scheduler = make(optimizer, **options)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0][key])
        optimizer.step()
        scheduler.step()
    return values


schedules = {
    'stepDecay': rates(L.StepLR, 12, lr=0.04, step_size=3, gamma=0.1),
    'stepDecay by half': rates(L.StepLR, 12, step_size=5, gamma=0.5),
    'exponentialDecay': rates(L.ExponentialLR, 12, lr=0.3, gamma=0.9),
    'piecewiseConstant': rates(L.MultiStepLR, 12, milestones=[2, 7], gamma=0.5),
    'polynomialDecay': rates(L.PolynomialLR, 12, lr=0.3, total_iters=8, power=2.5),
    'linearSchedule': rates(L.LinearLR, 12, lr=0.4, start_factor=0.25, end_factor=0.75, total_iters=7),
    'cosineDecay': rates(L.CosineAnnealingLR, 9, lr=0.4, T_max=8, eta_min=0.05),
    'warmRestarts': rates(L.CosineAnnealingWarmRestarts, 24, lr=0.4, T_0=5, eta_min=0.05),
    'warmRestarts that grow': rates(L.CosineAnnealingWarmRestarts, 40, lr=0.4, T_0=3, T_mult=2),
    'timeDecay': rates(L.LambdaLR, 12, lr=0.4, lr_lambda=lambda t: 1 / (1 + 0.3 * t)),
    'joinSchedules': rates(lambda o: L.SequentialLR(o, [L.ConstantLR(o, 0.5, 100), L.ExponentialLR(o, 0.5)], [4]), 8),
    'oneCycle': rates(L.OneCycleLR, 20, max_lr=0.4, total_steps=20),
    'oneCycle, linear': rates(L.OneCycleLR, 17, max_lr=0.4, total_steps=17, pct_start=0.4, anneal_strategy='linear', div_factor=10, final_div_factor=100),
    'oneCycle, three phases': rates(L.OneCycleLR, 20, max_lr=0.4, total_steps=20, three_phase=True),
    'oneCycle, three linear phases': rates(L.OneCycleLR, 23, max_lr=0.4, total_steps=23, pct_start=0.37, three_phase=True, anneal_strategy='linear'),
    'oneCycleMomentum': rates(L.OneCycleLR, 20, key='momentum', max_lr=0.4, total_steps=20),
    'oneCycleMomentum, three phases': rates(L.OneCycleLR, 20, key='momentum', max_lr=0.4, total_steps=20, three_phase=True, base_momentum=0.6, max_momentum=0.9),
}


def plateau(metrics, **options):
    """Options and metrics of a ReduceLROnPlateau, and the rate after each metric."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = L.ReduceLROnPlateau(optimizer, **options)
    values = []
    for metric in metrics:
        scheduler.step(metric)
        values.append(optimizer.param_groups[0]['lr'])
    return dict(options=options, metrics=metrics, rates=values)


losses = [5, 4, 4, 4.1, 3.9999, 4.2, 3.5, 3.5, 3.6, 3.45, 3.449, 3.5, 3.6, 3.7, 3.4, 3.4, 3.4, 3.4, 3.4, 3.4, 3.4, 3.3, 3.4, 3.4]
plateaus = [
    plateau(losses, patience=1),
    plateau(losses, patience=0, factor=0.5, min_lr=0.01),
    plateau(losses, patience=2, factor=0.5, cooldown=2),
    plateau(losses, patience=1, threshold=0.05, factor=0.7),
    plateau(losses, patience=1, threshold=0.2, threshold_mode='abs', factor=0.7, cooldown=1),
    plateau([-x for x in losses], patience=1, mode='max', factor=0.3, threshold_mode='abs'),
    plateau([10 - x for x in losses], patience=1, mode='max', factor=0.3, threshold=0.01),
    plateau([1] * 24, patience=0, factor=0.1),
]

print('/** Written by from_torch.py with PyTorch %s. */' % torch.__version__)
print('/** The rate at each step from 0. */\nexport const schedules = {')
for name, values in schedules.items():
    print('  %s: %s,' % (json.dumps(name), json.dumps(values)))
print('} as const\n/** The rate after each metric. */\nexport const plateaus = [')
for case in plateaus:
    print('  ' + json.dumps(case) + ',')
print('] as const')
print('/** Data and start of the problem, and after which steps its parameters are shown. */')
print('export const problem = ' + json.dumps(dict(xs=xs.tolist(), ys=ys.tolist(), w=start()[0].tolist(), b=start()[1].tolist(), steps=STEPS, shown=SHOWN)))
print('/** The parameters w and b after the steps shown. */\nexport const optimizers = [')
for name, options, make in optimizers:
    print('  ' + json.dumps(dict(name=name, options=options, points=course(make))) + ',')
print('] as const\nexport const scheduled = ' + json.dumps(scheduled))
