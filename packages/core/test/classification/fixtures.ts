/**
 * Answers as vendors and gateways give them, each with what it must become. Every
 * rule of the table has at least one; a new rule brings its own.
 */
import type { Fixture } from "./fixture.ts"
import { lookAlikes } from "./lookAlikes.ts"
import { azure } from "./vendors/azure.ts"
import { alb, cloudflare } from "./vendors/clouds.ts"
import { envoy, nginx, unnamed } from "./vendors/gateways.ts"
import { groq, mistral, scaleway, together } from "./vendors/hosts.ts"
import { anthropic, google } from "./vendors/labs.ts"
import { openai } from "./vendors/openai.ts"
import { others } from "./vendors/others.ts"
import { litellm, openrouter } from "./vendors/routers.ts"
import { llamaCpp, ollama, vllm } from "./vendors/servers.ts"

export const fixtures: ReadonlyArray<Fixture> = [
  ...openai,
  ...azure,
  ...openrouter,
  ...together,
  ...groq,
  ...vllm,
  ...llamaCpp,
  ...ollama,
  ...litellm,
  ...mistral,
  ...scaleway,
  ...anthropic,
  ...google,
  ...others,
  ...envoy,
  ...nginx,
  ...cloudflare,
  ...alb,
  ...unnamed,
  ...lookAlikes
]
