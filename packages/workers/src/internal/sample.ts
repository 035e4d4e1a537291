/**
 * The place where a thread was seen last, read from a CPU profile of V8.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Profile = Schema.fromJsonString(
  Schema.Struct({
    nodes: Schema.Array(
      Schema.Struct({
        id: Schema.Finite,
        callFrame: Schema.Struct({
          functionName: Schema.String,
          url: Schema.String,
          lineNumber: Schema.Finite
        }),
        children: Schema.optional(Schema.Array(Schema.Finite))
      })
    ),
    samples: Schema.optional(Schema.Array(Schema.Finite))
  })
)

const limit = 10

/** The functions of the last sample that ran code, innermost first. */
export const innermostFrames = (profile: string): ReadonlyArray<string> => {
  const decoded = Schema.decodeUnknownOption(Profile)(profile)
  if (Option.isNone(decoded)) return []
  const { nodes, samples = [] } = decoded.value
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parentOf = new Map(nodes.flatMap(({ children = [], id }) => children.map((child) => [child, id] as const)))
  const runs = (id: number): boolean => byId.get(id)?.callFrame.url !== ""
  const frames: Array<string> = []
  let id = samples.findLast(runs)
  while (id !== undefined && frames.length < limit) {
    const frame = byId.get(id)?.callFrame
    if (frame !== undefined && frame.url !== "") {
      frames.push(`${frame.functionName || "(anonymous)"} (${frame.url}:${frame.lineNumber + 1})`)
    }
    id = parentOf.get(id)
  }
  return frames
}
