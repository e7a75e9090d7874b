/**
 * Sine, cosine and tangent, in the language of gpu.js.
 *
 * Layer: backend. Part of functions.ts, which says what holds for all.
 */
import { type Helpers, helper, polynomial } from './helper.ts'

// Sine and cosine for |r| up to π/4, z = r². Cephes (sinf).
const SINE = polynomial('z', -1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4)
const COSINE = polynomial('z', 4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5)

/** x - k·π/2 with k the nearest whole number; π/2 in three parts, of which the first two have few digits. Exact enough up to |x| = 8192. */
const REDUCED = `
const k = Math.floor(x * 0.6366197723675814 + 0.5);
const r = ((x - k * 1.5703125) - k * 0.00048375129699707031) - k * 7.5497899548918822e-8;
const z = r * r;
const s = r + r * z * ${SINE};
const c = (1 - 0.5 * z) + z * z * ${COSINE};`

/** Functions of angles. */
export const periodic: Helpers = {
  sine: helper(`
function sine(x) {
  ${REDUCED.trim().replaceAll('\n', '\n  ')}
  const v = (k & 1) !== 0 ? c : s;
  const near = (k & 2) !== 0 ? -v : v;
  return Math.abs(x) < 8192 ? near : Math.sin(x);
}`),
  cosine: helper(`
function cosine(x) {
  ${REDUCED.trim().replaceAll('\n', '\n  ')}
  const v = (k & 1) !== 0 ? s : c;
  const near = ((k + 1) & 2) !== 0 ? -v : v;
  return Math.abs(x) < 8192 ? near : Math.cos(x);
}`),
  tangent: helper('function tangent(x) { return sine(x) / cosine(x); }', 'sine', 'cosine'),
}
