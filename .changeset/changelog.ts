/** Changelogs hold what the user sees: no hashes, and no list of our own packages that moved along. */
const functions = {
  getReleaseLine: (changeset: { readonly summary: string }): Promise<string> =>
    Promise.resolve(`- ${changeset.summary.trim().replaceAll("\n", "\n  ")}`),
  getDependencyReleaseLine: (): Promise<string> => Promise.resolve("")
}

export default functions
