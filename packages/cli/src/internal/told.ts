/** The end of a command that has told by itself why it failed. */
export class Told {
  readonly _tag = "Told"
}
