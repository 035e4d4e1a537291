/** Which registry a call meets in: that of a layer of `Upstreams`, else the policy's own. */
import * as Context from "effect/Context"
import * as Registry from "./registry.ts"
import type { Settings } from "./settings.ts"

/** The registry of a layer; `undefined` where there is none. */
export const Provided = Context.Reference<Registry.Registry | undefined>("@causeway/resilience/Upstreams/Registry", {
  defaultValue: () => undefined
})

const own = new WeakMap<Settings, Registry.Registry>()

/** What a policy remembers by itself. */
const ownOf = (context: Context.Context<never>, settings: Settings): Registry.Registry => {
  let registry = own.get(settings)
  if (registry === undefined) own.set(settings, (registry = Registry.make(context)))
  return registry
}

export const current = (context: Context.Context<never>, settings: Settings): Registry.Registry =>
  Context.get(context, Provided) ?? ownOf(context, settings)
