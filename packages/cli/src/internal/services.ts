/**
 * The services that are served: those of the modules that the file names, else
 * the default ones.
 */
import * as Effect from "effect/Effect"
import { isService, type Service } from "../Service.ts"
import { importModule } from "./file.ts"
import * as Reader from "./reader.ts"

/** Imports the modules. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  given: Reader.Given | undefined
): Effect.fn.Return<ReadonlyArray<Service>> {
  if (given === undefined || given.value === undefined) {
    return [(yield* Effect.promise(() => import("../DefaultServices.ts"))).default]
  }
  const urls = Reader.read(problems, given, list) ?? []
  const services: Array<Service> = []
  for (const [index, value] of urls.entries()) {
    const member: Reader.Given = { ...given, name: `${given.name}[${index}]`, value }
    const url = Reader.read(problems, member, Reader.fileUrl)
    if (url !== undefined) services.push(...(yield* load(problems, member, url)))
  }
  collisions(problems, given, services)
  return services
})

const list: Reader.Kind<ReadonlyArray<unknown>> = {
  allowed: "a list of at least one module",
  parse: (value) => (Array.isArray(value) && value.length > 0 ? value : undefined)
}

const load = Effect.fnUntraced(function* (problems: Reader.Problems, given: Reader.Given, url: URL) {
  const imported = yield* importModule(url)
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

/** Two services in one place would hide each other. */
const collisions = (problems: Reader.Problems, given: Reader.Given, services: ReadonlyArray<Service>): void => {
  for (const [what, of] of [
    ["path", (service: Service): string => service.path],
    ["key", (service: Service): string => service.contract.key]
  ] as const) {
    const seen = new Map<string, Service>()
    for (const service of services) {
      const other = seen.get(of(service))
      seen.set(of(service), service)
      if (other === undefined) continue
      problems.push({
        setting: Reader.settingOf(given),
        actual: `${other.contract.key} and ${service.contract.key} with the same ${what}, ${of(service)}`,
        allowed: `a ${what} of its own for each service`
      })
    }
  }
}
