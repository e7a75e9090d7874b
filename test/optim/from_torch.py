"""Writes torch.ts, known values: python3 test/optim/from_torch.py > test/optim/torch.ts (PyTorch 1.13, as Debian's python3-torch has it)"""
import json
import warnings
import torch
from torch.optim import lr_scheduler as L

warnings.simplefilter('ignore')


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


course = [5, 4, 4, 4.1, 3.9999, 4.2, 3.5, 3.5, 3.6, 3.45, 3.449, 3.5, 3.6, 3.7, 3.4, 3.4, 3.4, 3.4, 3.4, 3.4, 3.4, 3.3, 3.4, 3.4]
plateaus = [
    plateau(course, patience=1),
    plateau(course, patience=0, factor=0.5, min_lr=0.01),
    plateau(course, patience=2, factor=0.5, cooldown=2),
    plateau(course, patience=1, threshold=0.05, factor=0.7),
    plateau(course, patience=1, threshold=0.2, threshold_mode='abs', factor=0.7, cooldown=1),
    plateau([-x for x in course], patience=1, mode='max', factor=0.3, threshold_mode='abs'),
    plateau([10 - x for x in course], patience=1, mode='max', factor=0.3, threshold=0.01),
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
