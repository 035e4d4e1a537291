/** Removes what has stood in a map for longest. */
export const removeOldest = (map: Map<unknown, unknown>): void => {
  const [oldest] = map.keys()
  map.delete(oldest)
}
