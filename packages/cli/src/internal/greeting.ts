/** What the server prints when it listens. */
import { isLoopback } from "@causeway/server/Loopback"
import * as Banner from "../Banner.ts"
import type * as Service from "../Service.ts"
import type { Settings } from "../Settings.ts"
import { reachable } from "./upstreams.ts"

/** Prints the banner. */
export const greet = (settings: Settings, url: string): void => {
  const hasKey = settings.server.keys.length > 0
  const banner = Banner.render({
    url,
    upstreams: reachable(settings.upstreams, undefined),
    models: settings.models,
    isSimulator: settings.upstreams === "simulator",
    workers: settings.workers,
    isolation: settings.pool.isolation,
    procs: settings.server.procs,
    routes: [...settings.services.flatMap(routesOf), ...settings.http.map(({ path }) => `${path}/*`)],
    hasKey,
    keyVariable: settings.keyVariable,
    isOpen: !hasKey && !isLoopback(settings.server.host)
  })
  process.stdout.write(`${banner}\n`)
}

/** The paths of a service's calls. */
const routesOf = ({ contract, path }: Service.Service): ReadonlyArray<string> =>
  Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
