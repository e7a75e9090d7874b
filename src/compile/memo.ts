/**
 * memo: functions of immutable objects that are computed once for each.
 *
 * Layer: compile. What is known of an object goes when the object does.
 */

/** The function, computed once for each argument. */
export const memo = <K extends object, V>(f: (x: K) => V): ((x: K) => V) => {
  const known = new WeakMap<K, { readonly value: V }>()
  return x => {
    const found = known.get(x)
    if (found !== undefined) return found.value
    const value = f(x)
    known.set(x, { value })
    return value
  }
}
