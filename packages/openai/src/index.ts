/** Calls to OpenAI and to whatever speaks its protocol, whose every failure is typed. */
export * as OpenAiClient from "./OpenAiClient.ts"
export * as Recorder from "./Recorder.ts"
export * as Recording from "./Recording.ts"
export * as Relay from "./Relay.ts"
export * as SdkError from "./SdkError.ts"
export * as Sse from "./Sse.ts"
export * as UpstreamConfig from "./UpstreamConfig.ts"
