"""Writes sklearn.ts, known values: python3 test/metrics/from_sklearn.py > test/metrics/sklearn.ts (as Debian's python3-sklearn has it)"""
import json
import warnings
import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter('ignore')
rng = np.random.default_rng(0)
classifications, rankings, manies, regressions = [], [], [], []
for classes, n, drawn in [(2, 20, 2), (3, 40, 3), (4, 30, 3), (5, 6, 5), (3, 9, 1)]:
    y = rng.integers(0, drawn, n)
    p = np.where(rng.random(n) < 0.5, y, rng.integers(0, drawn, n))
    subset = [classes - 1, 0]
    report = lambda labels: m.classification_report(y, p, labels=labels, zero_division=0, digits=3)
    single = drawn == 1
    classifications.append(dict(
        classes=classes, labels=y.tolist(), predictions=p.tolist(), subset=subset,
        matrix=m.confusion_matrix(y, p, labels=range(classes)).tolist(),
        report=report(range(classes)), part=report(subset),
        balanced=m.balanced_accuracy_score(y, p), matthews=m.matthews_corrcoef(y, p),
        kappa=None if single else m.cohen_kappa_score(y, p)))
for n, ties in [(6, False), (30, True), (50, True), (2, False)]:
    y = rng.integers(0, 2, n)
    y[:2] = [0, 1]
    s = rng.integers(0, 8, n) / 8 if ties else rng.permutation(n) / 64
    fpr, tpr, _ = m.roc_curve(y, s, drop_intermediate=False)
    rankings.append(dict(labels=y.tolist(), scores=s.tolist(), fpr=fpr.tolist(), tpr=tpr.tolist(),
                         auc=m.roc_auc_score(y, s), ap=m.average_precision_score(y, s)))
for classes, n in [(3, 12), (4, 40)]:
    y = rng.integers(0, classes, n)
    y[:classes] = range(classes)
    s = rng.integers(1, 5, (n, classes)).astype(float)
    s /= s.sum(1, keepdims=True)
    auc = {a: m.roc_auc_score(y, s, multi_class='ovr', average=a) for a in ('macro', 'weighted')}
    t = rng.permuted(np.tile(np.arange(classes) / 8, (n, 1)), axis=1)
    top = [m.top_k_accuracy_score(y, t, k=k) for k in range(1, classes)]
    manies.append(dict(labels=y.tolist(), scores=s.tolist(), distinct=t.tolist(), top=top, **auc))
for y, x in [(rng.integers(-4, 5, 10) / 2, rng.integers(-4, 5, 10) / 2), (np.ones(3), np.ones(3)), (np.ones(3), np.array([1.0, 1, 2]))]:
    regressions.append(dict(targets=y.tolist(), predictions=x.tolist(), r2=m.r2_score(y, x)))

print('// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: they are results')
print('/** Written by from_sklearn.py with scikit-learn %s. */' % sklearn.__version__)
for name in ('classifications', 'rankings', 'manies', 'regressions'):
    print('export const %s = %s' % (name, json.dumps(globals()[name])))
