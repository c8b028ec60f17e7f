import { z } from "zod";

/** Every setting comes from the environment (or .env in development) and is checked once, at start. */
const Environment = z
  .object({
    NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
    HOST: z.string().default("127.0.0.1"),
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
    /** Proxies in front of the service whose X-Forwarded-For is believed. */
    TRUST_PROXY: z.coerce.number().int().min(0).default(0),
    BODY_LIMIT: z.coerce.number().int().positive().default(1_048_576),
    /** Requests per client address and window; 0 switches the limit off. */
    RATE_LIMIT_MAX: z.coerce.number().int().min(0).default(100),
    RATE_LIMIT_WINDOW_MS: z.coerce.number().int().positive().default(60_000),
    SHUTDOWN_TIMEOUT_MS: z.coerce.number().int().positive().default(10_000),
{%- if jwt %}

    /** Tokens: the key set of the identity provider (preferred), or a shared secret of at least 32 bytes. */
    JWT_JWKS_URL: z.url().optional(),
    JWT_SECRET: z.string().min(32).optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
{%- endif %}
{%- if api_key %}

    /** SHA-256 (hex) of each accepted API key, comma separated; the keys themselves are never stored. */
    API_KEY_HASHES: z
      .string()
      .default("")
      .transform((text) => text.split(",").filter((hash) => hash !== ""))
      .pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/, "must be SHA-256 in hex"))),
{%- endif %}
{%- if basic %}

    /** SHA-256 (hex) of each accepted `name:password`, comma separated. */
    BASIC_HASHES: z
      .string()
      .default("")
      .transform((text) => text.split(",").filter((hash) => hash !== ""))
      .pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/, "must be SHA-256 in hex"))),
{%- endif %}
  })
{%- if jwt %}
  .refine((env) => !(env.JWT_JWKS_URL && env.JWT_SECRET), "Set JWT_JWKS_URL or JWT_SECRET, not both.")
  .refine(
    (env) =>
      env.NODE_ENV !== "production" || ((env.JWT_JWKS_URL ?? env.JWT_SECRET) && env.JWT_ISSUER && env.JWT_AUDIENCE),
    "In production set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL (or JWT_SECRET).",
  )
{%- endif %};

export type Config = z.infer<typeof Environment>;

export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  // An empty variable counts as one that is not set.
  const result = Environment.safeParse(
    Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== "")),
  );
  if (result.success) return result.data;
  // Messages name the variable and the rule, never the value.
  throw new Error(`The environment is not valid:\n${z.prettifyError(result.error)}`);
}
