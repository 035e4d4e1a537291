/**
 * What a user can choose, and the defaults.
 */
import type * as Redacted from "effect/Redacted"

/** A class with a name of its own on the wire, and perhaps a form of its own. */
export interface ClassEntry<A extends object> {
  /** The name on the wire; must be the same on both sides. */
  readonly id: string
  readonly class: abstract new (...args: never) => A
  /** What to write in place of the instance's own properties. Where it throws, a text stands there. Not without `decode`. */
  readonly encode?: ((instance: A) => unknown) | undefined
  /** Makes the instance again from what `encode` gave. Where it throws, the wire is refused, with what was thrown as cause. */
  readonly decode?: ((encoded: unknown) => A) | undefined
}

/** Any {@link ClassEntry}. */
export interface AnyClassEntry {
  readonly id: string
  readonly class: abstract new (...args: never) => object
  readonly encode?: ((instance: never) => unknown) | undefined
  readonly decode?: ((encoded: unknown) => object) | undefined
}

/** A class that crosses: a Schema class by its identifier, a plain class by its name, or one with a given id. */
export type AnyClass = (abstract new (...args: never) => object) | AnyClassEntry

/**
 * How much of a value is written. What a limit cuts off leaves a text in its place
 * that says what stood there.
 */
export interface Limits {
  /** How deep objects nest. Default: 10,000. */
  readonly depth?: number | undefined
  /** How many objects there are. Default: 200,000. */
  readonly nodes?: number | undefined
  /** Size of the whole, in characters of text and bytes of binary. Default: 33,554,432. */
  readonly bytes?: number | undefined
  /** Length of one text, in characters. Default: 1,048,576. */
  readonly string?: number | undefined
  /** Elements, entries or properties of one object. Default: 100,000. */
  readonly collection?: number | undefined
}

/**
 * What becomes of stacks: `keep` them as they are; `trim` them to the program's
 * own frames, without directories; `drop` them.
 */
export type StackPolicy = "keep" | "trim" | "drop"

/** `json`: what `JSON.stringify` takes. `clone`: what a structured clone takes, with binary as it is. */
export type Form = "json" | "clone"

/**
 * How values cross. Make one object of them and keep it: what is found out about
 * classes and secrets is remembered with it, and else is found out at every call.
 */
export interface Options {
  /** Classes whose instances arrive as instances. Default: none but Effect's own errors. */
  readonly classes?: ReadonlyArray<AnyClass> | undefined
  /**
   * Whether credentials are looked for: by names and shapes, and those that the program
   * made known. `Redacted` values never cross, and `secrets` are masked in any case.
   * Default: true.
   */
  readonly redaction?: boolean | undefined
  /**
   * Secrets to mask wherever they occur, also percent-encoded and in base64. One of
   * fewer than eight characters is masked only where it stands as a word. Default: none.
   */
  readonly secrets?: ReadonlyArray<Redacted.Redacted<string>> | undefined
  /** What is written of a large value. Default: those of {@link Limits}. */
  readonly limits?: Limits | undefined
  /** What becomes of stacks. Default: `keep`. */
  readonly stack?: StackPolicy | undefined
  /** What carries the wire. Default: `json`. */
  readonly form?: Form | undefined
  /**
   * Whether the plans of Schema classes may be compiled from source text with `new
   * Function`, which makes errors with many fields faster. Where the engine forbids
   * that, the same plans run without it; `false` does not even ask, for pages whose
   * content security policy reports the attempt. Default: true.
   */
  readonly jit?: boolean | undefined
}

/** The limits that hold where none are given. */
export const defaultLimits = {
  depth: 10_000,
  nodes: 200_000,
  bytes: 33_554_432,
  string: 1_048_576,
  collection: 100_000
} as const
