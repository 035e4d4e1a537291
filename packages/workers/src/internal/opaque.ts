/**
 * The errors of a contract's calls, as this package sees them. Their types follow
 * from a call's tag, which is known here only as a string: they are given up on the
 * way in, and taken from the contract again on the way out.
 */

/** An error that passes through, of whatever type. */
export interface Opaque {
  readonly "~causeway/workers/Opaque": never
}
