"""Writes npy.ts, files as NumPy writes them: python3 test/data/npy_from_numpy.py > test/data/npy.ts"""
import base64
import io
import json
import zipfile
import numpy as np
from numpy.lib import format as npy


def saved(x, version=None):
    """The bytes of an npy file, in base64."""
    file = io.BytesIO()
    npy.write_array(file, x, version=version)
    return base64.b64encode(file.getvalue()).decode()


def zipped(save, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return base64.b64encode(file.getvalue()).decode()


m = np.arange(6).reshape(2, 3) - 2
written = {
    'float32[2,3]': m.astype('<f4') / 4, 'float64[2,3]': m / 10, 'int32[2,3]': m.astype('<i4'), 'bool[2,3]': m > 0,
    'float32[]': np.float32(1.5) * np.ones((), '<f4'), 'int32[]': np.array(-7, '<i4'), 'float64[0]': np.zeros(0), 'float32[2,0,3]': np.zeros((2, 0, 3), '<f4'),
    'int32[12]': np.arange(12, dtype='<i4'), 'float32[1,1,1,1]': np.ones((1, 1, 1, 1), '<f4'),
    'float32[4]': np.array([np.nan, np.inf, -np.inf, -0.0], '<f4'),
}
read = {
    'big-endian f4': ('float32', m.astype('>f4')), 'big-endian f8': ('float64', m.astype('>f8')), 'big-endian i2': ('int32', m.astype('>i2')),
    'Fortran order': ('float64', np.asfortranarray(m / 2)), 'Fortran order, three axes': ('int32', np.asfortranarray(np.arange(24, dtype='<i4').reshape(2, 3, 4))),
    'i1': ('int32', m.astype('i1')), 'u1': ('int32', np.arange(250, 256, dtype='u1')), 'i2': ('int32', m.astype('<i2')), 'u2': ('int32', np.array([0, 65535], '<u2')),
    'u4': ('int32', np.array([0, 2**31 - 1], '<u4')), 'i8': ('int32', m.astype('<i8')), 'u8': ('int32', np.array([1, 2], '<u8')), 'bool': ('bool', m > 0),
}
refused = {
    'object': np.array([None, 'a'], dtype=object), 'text': np.array(['ab', 'c']), 'bytes': np.array([b'ab']), 'structured': np.zeros(2, [('a', '<f4'), ('b', '<i4')]),
    'complex': np.ones(2, '<c8'), 'float16': np.ones(2, '<f2'), 'date': np.array(['2001-01-01'], 'M8[D]'),
    'u4': np.array([0, 2**31], '<u4'), 'i8': np.array([[1, -2**40]], '<i8'), 'u8': np.array([2**63 + 1], '<u8'),
}
print('// biome-ignore-all format: a file a line')
print('/** Written by npy_from_numpy.py with NumPy %s: files in base64, and the values in row-major order. */' % np.__version__)
print('/** Files of the tensors named. */\nexport const written: Readonly<Record<string, string>> = {')
for name, x in written.items():
    print('  %s: %s,' % (json.dumps(name), json.dumps(saved(x))))
print('}\n/** The first of them in the format of later versions. */\nexport const versions = [')
for version in [(1, 0), (2, 0), (3, 0)]:
    print('  ' + json.dumps(saved(written['float32[2,3]'], version)) + ',')
print(']\n/** What else can be read, the dtype it becomes, and its values. */\nexport const read = [')
for name, (dtype, x) in read.items():
    print('  ' + json.dumps(dict(name=name, dtype=dtype, shape=x.shape, values=[float(v) for v in x.flatten()], file=saved(x))) + ',')
print('] as const\n/** What no tensor can hold. */\nexport const refused = {')
for name, x in refused.items():
    print('  %s: %s,' % (json.dumps(name), json.dumps(saved(x))))
print('}\n/** The same two arrays, stored and deflated. */\nexport const archives = {')
arrays = dict(w=written['float32[2,3]'], b=np.arange(100, dtype='<i8') // 10)
print('  stored: %s,' % json.dumps(zipped(np.savez, **arrays)))
print('  deflated: %s,' % json.dumps(zipped(np.savez_compressed, **arrays)))
print('}')
zipfile.ZIP64_LIMIT = 0
file = io.BytesIO()
with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name in ['one.txt', 'two.txt']:
        archive.writestr(zipfile.ZipInfo(name), 'this is %s, ' % name * 20, zipfile.ZIP_DEFLATED)
print('/** Two texts in an archive whose directory has sizes of 64 bits, as those of large archives. */')
print('export const zip64 = %s' % json.dumps(base64.b64encode(file.getvalue()).decode()))
