"""Writes printed.ts, the texts that print.test.ts compares with: python3 test/core/printed.py > test/core/printed.ts (NumPy 2.4)"""
import numpy as np

nan, inf = np.nan, np.inf
rng = np.random.default_rng(7)
cases = [
    ('whole floats', [[1.0, 2.0], [3.0, 4.0]]),
    ('mixed digits', [0.1, 12.25, -3.0, 100.0]),
    ('float32 keeps the digits that identify it', np.float32([0.1, 1 / 3, 16777216 / 3e4])),
    ('float64 at most eight', [0.1, 1 / 3, 2 / 3 * 100]),
    ('ties at the ninth digit go to even', [2.0**-9, 3 * 2.0**-9]),
    ('small numbers', [1e-5, 1.0]),
    ('large ratio', [0.001, 1.5, 1001.0]),
    ('float64 below 1e8', [99999999.0, 0.5e6]),
    ('float64 from 1e8', [1e8, 1.0]),
    ('float32 from 1e6', np.float32([1e6, 123456.0])),
    ('float32 below 1e6', np.float32([999999.0, 1000.0])),
    ('float32 1e-4', np.float32([1e-4, 2e-4])),
    ('exponents with exact digits', np.float32([1e-10, 2.5e7, 1 / 3])),
    ('exponents of three digits', [1e100, 1.5, -2e-300]),
    ('powers of two in float32', np.float32([2.0**-96, 2.0**-149, 2.0**127])),
    ('nan and infinities', [nan, inf, -inf, 1.5]),
    ('only nan', [nan, nan]),
    ('nan with exponents', [nan, 1e-9, -inf]),
    ('negative zero', [-0.0, 0.0, 1.0]),
    ('negative zero with exponents', [-0.0, 1e10]),
    ('zeros', np.zeros((2, 2))),
    ('integers', np.int32([[1, -20], [300, 4]])),
    ('extreme integers', np.int32([-2147483648, 2147483647])),
    ('booleans', np.array([[True, False], [True, True]])),
    ('only true', np.array([True, True])),
    ('no elements', np.zeros((0,))),
    ('no elements in two axes', np.zeros((2, 0))),
    ('blank lines between matrices', np.arange(8.0).reshape(2, 2, 2)),
    ('two blank lines in four axes', np.int32(np.arange(8).reshape(2, 2, 1, 2))),
    ('a column', np.arange(3.0).reshape(3, 1)),
    ('a wrapped row', np.arange(20) / 8),
    ('wrapped rows of a matrix', np.float32(rng.standard_normal((2, 9)))),
    ('wrapped rows deep inside', np.float32(rng.standard_normal((1, 1, 2, 7)))),
    ('a row that just fits', np.int32(10 ** np.arange(9) * 2)),
    ('a thousand elements are all shown', np.int32(np.arange(1000) % 10)),
    ('more are summarised', np.int32(np.arange(1001))),
    ('a large matrix', np.float32(np.arange(1600).reshape(40, 40) / 4)),
    ('a tall matrix', np.int32(np.arange(1002).reshape(501, 2))),
    ('three axes summarised where long', np.int32(np.arange(2 * 8 * 80).reshape(2, 8, 80))),
    ('a long row in a matrix', np.float32(np.arange(1200).reshape(1, 1200))),
    ('hidden elements do not widen', np.concatenate([np.arange(5.0), [1e20], np.arange(2000.0)])),
]
scalars = [0.0, -0.0, 1.0, 0.1, 1e-4, 9.99e-5, 123456.789, 1e6, 123456789.0, 1e15, 1e16, 1.5e-7, nan, -inf, 1 / 3]


def number(x):
    if isinstance(x, np.bool_):
        return 'true' if x else 'false'
    text = repr(x.item())
    return {'nan': 'Number.NaN', 'inf': 'Infinity', '-inf': '-Infinity'}.get(text, text)


def literal(text):
    return '`' + text + '`'


def values(a):
    flat = a.ravel()
    if a.size > 100 and np.array_equal(flat, np.arange(a.size)):
        return f'range(0, {a.size})'
    if a.size > 100 and np.array_equal(flat, np.arange(a.size) % 10):
        return f'range(0, {a.size}).map(i => i % 10)'
    if a.size > 100 and np.array_equal(flat, np.arange(a.size) / 4):
        return f'range(0, {a.size}).map(i => i / 4)'
    if a.size > 100:
        return f'[...range(0, 5), 1e20, ...range(0, 2000)]'
    return '[' + ', '.join(number(x) for x in flat) + ']'


print('''/** Written by printed.py with NumPy %s; booleans in JavaScript's spelling. */
import { range } from '../../src/core/shape.ts'

/** Arrays with NumPy's `str`, and the brackets of its `repr` after `tensor(`. */
export const arrays = [''' % np.__version__)
for name, value in cases:
    a = np.asarray(value)
    dtype = {'bool': 'bool', 'float64': 'float64', 'float32': 'float32', 'int32': 'int32'}[str(a.dtype)]
    brackets = np.array2string(a, separator=', ', prefix='tensor(', suffix=')')
    text = str(a)
    if dtype == 'bool':
        text, brackets = text.lower(), brackets.lower()
    print(f"  {{ name: '{name}', dtype: '{dtype}', shape: {list(a.shape)}, values: {values(a)}, str: {literal(text)}, repr: {literal(brackets)} }},")
print('] as const\n\n/** Numbers with NumPy\'s `str` of a float64 and of a float32 scalar. */\nexport const scalars = [')
for x in scalars:
    print(f"  {{ value: {number(np.float64(x))}, float64: '{np.float64(x)!s}', float32: '{np.float32(x)!s}' }},")
print('] as const')
