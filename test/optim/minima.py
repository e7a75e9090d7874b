"""Writes minima.ts: python3 test/optim/minima.py > test/optim/minima.ts (Debian's python3-torch 1.13, python3-scipy, python3-sklearn)"""
import json
import numpy as np
import scipy
import sklearn
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

torch.set_default_dtype(torch.float64)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def beale(x):
    return sum((c - x[0] * (1 - x[1] ** k)) ** 2 for k, c in [(1, 1.5), (2, 2.25), (3, 2.625)])


times = torch.linspace(0, 4, 9)
seen = 2.5 * torch.exp(-0.8 * times) + 0.3 + 0.05 * torch.sin(7 * times)


def decay(x):
    """Fit of a · exp(-b t) + c."""
    return ((x[0] * torch.exp(-x[1] * times) + x[2] - seen) ** 2).sum()


def case(f, start):
    """The minimum as SciPy's L-BFGS-B and PyTorch's LBFGS find it."""
    def both(x):
        p = torch.tensor(x, requires_grad=True)
        value = f(p)
        value.backward()
        return value.item(), p.grad.numpy()
    found = minimize(both, np.array(start), jac=True, method='L-BFGS-B', options=dict(gtol=1e-9, ftol=1e-15, maxiter=2000))
    p = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], max_iter=2000, max_eval=4000, tolerance_grad=1e-9, tolerance_change=1e-15, history_size=10, line_search_fn='strong_wolfe')

    def closure():
        optimizer.zero_grad()
        value = f(p)
        value.backward()
        return value
    optimizer.step(closure)
    return dict(start=start, scipy=found.x.tolist(), evaluations=found.nfev, torch=p.detach().tolist(), value=f(p).item())


rows, columns = 80, 4
xs = np.array([[np.sin(3.1 * i + 1.7 * j * j) + 0.2 * j for j in range(columns)] for i in range(rows)])
labels = (xs @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.8 * np.cos(5.3 * np.arange(rows)) > 0.2).astype(int)
fits = []
for c in [1.0, 0.05, 100.0]:
    model = LogisticRegression(C=c, tol=1e-12, max_iter=1000, solver='newton-cholesky').fit(xs, labels)
    fits.append(dict(c=c, w=model.coef_[0].tolist(), b=model.intercept_[0]))

print('/** Written by minima.py with SciPy %s, PyTorch %s and scikit-learn %s. */' % (scipy.__version__, torch.__version__, sklearn.__version__))
print('export const minima = ' + json.dumps(dict(
    rosenbrock=case(rosenbrock, [-1.2, 1.0, -1.2, 1.0, -1.2, 1.0]),
    beale=case(beale, [1.0, 1.0]),
    decay=case(decay, [1.0, 1.0, 0.0]),
)))
print('/** What is fitted by a · exp(-b t) + c. */\nexport const decayData = ' + json.dumps(dict(times=times.tolist(), seen=seen.tolist())))
print('/** Coefficients of LogisticRegression, whose loss is C times the sum of the log losses plus half of |w|². */')
print('export const logistic = ' + json.dumps(dict(xs=xs.tolist(), labels=labels.tolist(), fits=fits)))
