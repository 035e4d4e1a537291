export * as Fault from "./Fault.ts"
export * as Reply from "./Reply.ts"
export type * as SeenRequest from "./SeenRequest.ts"
export * as Simulator from "./Simulator.ts"
