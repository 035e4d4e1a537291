/**
 * The services that are served: those of the modules that the file names, else
 * the default ones.
 */
import * as Effect from "effect/Effect"
import { isService, type Service } from "../Service.ts"
import { importModule } from "./file.ts"
import * as Reader from "./reader.ts"

/** The services, and the modules that they come from: `undefined` for the default ones. */
export interface Read {
  readonly services: ReadonlyArray<Service>
  readonly modules: ReadonlyArray<string> | undefined
}

/** Where they are named. */
export interface Source {
  /** The part `services` of the file. */
  readonly given: Reader.Given | undefined
  /** Where the file stands. */
  readonly folder: string
  /** See `importModule`. */
  readonly reload: number
}

/** Imports the modules. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  { folder, given, reload }: Source
): Effect.fn.Return<Read> {
  if (given === undefined || given.value === undefined) return { services: [yield* byDefault], modules: undefined }
  const services: Array<Service> = []
  const modules: Array<string> = []
  for (const [index, value] of (Reader.read(problems, given, list) ?? []).entries()) {
    const member: Reader.Given = { ...given, name: `${given.name}[${index}]`, value }
    const url = Reader.read(problems, member, Reader.fileUrl(folder))
    if (url === undefined) continue
    modules.push(url.href)
    services.push(...(yield* load(problems, member, url, reload)))
  }
  collisions(problems, given, services)
  return { services, modules }
})

/** The services of modules that were checked before; a module that was changed since may fail. */
export const again = Effect.fnUntraced(function* (problems: Reader.Problems, modules: Read["modules"]) {
  if (modules === undefined) return [yield* byDefault]
  const loaded = yield* Effect.forEach(modules, (url) =>
    load(problems, { name: "services", value: url }, new URL(url), 0)
  )
  return loaded.flat()
})

const byDefault = Effect.map(
  Effect.promise(() => import("../DefaultServices.ts")),
  (module) => module.default
)

const list: Reader.Kind<ReadonlyArray<unknown>> = {
  allowed: "a list of at least one module",
  parse: (value) => (Array.isArray(value) && value.length > 0 ? value : undefined)
}

const load = Effect.fnUntraced(function* (problems: Reader.Problems, given: Reader.Given, url: URL, reload: number) {
  const imported = yield* importModule(url, reload)
  const exported = "problem" in imported ? undefined : imported.module["default"]
  const services: ReadonlyArray<unknown> = Array.isArray(exported) ? exported : [exported]
  if (services.length > 0 && services.every(isService)) return services
  const actual = "problem" in imported ? imported.problem : "a module whose default export is none"
  problems.push({
    setting: Reader.settingOf(given),
    actual: `${Reader.show(url)}, ${actual}`,
    allowed: "a module whose default export is made by Service.make, or a list of those"
  })
  return []
})

/** Two calls in one place would hide each other, and so would two contracts of one key. */
const collisions = (problems: Reader.Problems, given: Reader.Given, services: ReadonlyArray<Service>): void => {
  for (const [what, of, allowed] of [
    ["call", places, "a path, or calls, of its own for each service"],
    ["key", ({ contract }: Service) => [contract.key], "a key of its own for each service"]
  ] as const) {
    const seen = new Map<string, Service>()
    for (const service of services) {
      const taken = of(service).find((place) => seen.has(place))
      const other = taken === undefined ? undefined : seen.get(taken)
      for (const place of of(service)) seen.set(place, service)
      if (other === undefined) continue
      problems.push({
        setting: Reader.settingOf(given),
        actual: `${other.contract.key} and ${service.contract.key} with the same ${what}, ${taken}`,
        allowed
      })
    }
  }
}

const places = ({ contract, path }: Service): ReadonlyArray<string> =>
  Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
