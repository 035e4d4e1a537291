/** What the server prints when it listens. */
import * as Server from "@causeway/server/Server"
import * as Banner from "../Banner.ts"
import type * as Service from "../Service.ts"
import type { Settings } from "../Settings.ts"
import * as Handlers from "./handlers.ts"

/** Prints the banner. */
export const greet = (settings: Settings, url: string): void => {
  const hasKey = settings.server.keys.length > 0
  const banner = Banner.render({
    url,
    upstreams: Handlers.reachable(settings.upstreams, undefined),
    isSimulator: settings.upstreams === "simulator",
    workers: settings.workers,
    routes: [...settings.services.flatMap(routesOf), ...settings.http.map(({ path }) => `${path}/*`)],
    hasKey,
    keyVariable: settings.keyVariable,
    isOpen: !hasKey && !Server.isLoopback(settings.server.host)
  })
  process.stdout.write(`${banner}\n`)
}

/** The paths of a service's calls. */
const routesOf = ({ contract, path }: Service.Service): ReadonlyArray<string> =>
  Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
