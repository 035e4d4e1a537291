/**
 * Other ways of carrying a value, each set up as well as its documentation allows:
 * with the classes registered where it takes classes.
 */
import * as Schema from "effect/Schema"
import * as devalue from "devalue"
import { addKnownErrorConstructor, deserializeError, serializeError } from "serialize-error"
import * as seroval from "seroval"
import { SuperJSON } from "superjson"

/** Encodes, carries and decodes. */
export interface Rival {
  readonly name: string
  readonly carry: (value: unknown) => unknown
}

/** A class as these libraries take it. */
interface Known {
  readonly name: string
  readonly prototype: object
}

const isConstructor = (known: Known): known is Known & (new () => object) => typeof known === "function"

const isErrorConstructor = (known: Known): known is Known & (new () => Error) =>
  isConstructor(known) && known.prototype instanceof Error

const superjsonFor = (classes: ReadonlyArray<Known>): SuperJSON => {
  const superjson = new SuperJSON()
  superjson.allowErrorProps("stack")
  for (const [index, known] of classes.entries()) {
    if (isConstructor(known)) superjson.registerClass(known, { identifier: `${index}/${known.name}` })
  }
  return superjson
}

const registered = new Set<string>()

/** It knows classes by their name, for the whole process, and makes an instance before it fills it. */
const registerErrors = (classes: ReadonlyArray<Known>): void => {
  for (const known of classes) {
    const name: unknown = Reflect.get(known.prototype, "name")
    if (!isErrorConstructor(known) || typeof name !== "string" || registered.has(name) || name in globalThis) continue
    registered.add(name)
    try {
      addKnownErrorConstructor(known, () => Object.create(known.prototype))
    } catch {
      // A name that it knows already, or cannot take.
    }
  }
}

/** It takes errors by functions of the user only: these keep what hangs on one. */
const reducers = {
  Error: (value: unknown) =>
    value instanceof Error && {
      ...value,
      name: value.name,
      message: value.message,
      stack: value.stack,
      ...(value.cause !== undefined && { cause: value.cause })
    }
}

const revivers = {
  Error: ({ message, ...rest }: { readonly message: string }) => Object.assign(new Error(message), rest)
}

/** The rivals that take any value, with these classes registered. */
export const rivalsFor = (classes: ReadonlyArray<Known>): ReadonlyArray<Rival> => {
  const superjson = superjsonFor(classes)
  registerErrors(classes)
  return [
    { name: "structuredClone", carry: (value) => structuredClone(value) },
    {
      name: "serialize-error",
      carry: (value) => deserializeError(JSON.parse(JSON.stringify(serializeError(value))))
    },
    {
      name: "serialize-error, toJSON off",
      carry: (value) => deserializeError(JSON.parse(JSON.stringify(serializeError(value, { useToJSON: false }))))
    },
    {
      name: "superjson",
      carry: (value) => superjson.deserialize(JSON.parse(JSON.stringify(superjson.serialize(value))))
    },
    { name: "seroval", carry: (value) => seroval.fromJSON(JSON.parse(JSON.stringify(seroval.toJSON(value)))) },
    {
      name: "devalue",
      carry: (value) => devalue.parse(devalue.stringify(value, reducers), revivers)
    }
  ]
}

/** Effect's own schema for a value, as JSON. */
export const effectSchema = (schema: Schema.Codec<unknown, unknown>): Rival => {
  const json = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownSync(json)
  const decode = Schema.decodeUnknownSync(json)
  return { name: "Effect's schema", carry: (value) => decode(JSON.parse(JSON.stringify(encode(value)))) }
}
