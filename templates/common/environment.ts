const Environment = z
  .object({
    NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
    HOST: z.string().default("127.0.0.1"),
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
    /** Proxies in front of the service whose X-Forwarded-For is believed. */
    TRUST_PROXY: z.coerce.number().int().min(0).default(0),
    /** Bytes, after unpacking: backsmith explain security/resource-limits */
    BODY_LIMIT: z.coerce.number().int().positive().default(1_048_576),
    /** Requests per client address and window; 0 switches the limit off. */
    RATE_LIMIT_MAX: z.coerce.number().int().min(0).default(100),
    RATE_LIMIT_WINDOW_MS: z.coerce.number().int().positive().default(60_000),
    SHUTDOWN_TIMEOUT_MS: z.coerce.number().int().positive().default(10_000),
{%- if jwt %}

    /** Tokens are checked with one of these: {% if discovery %}the provider's discovery document or {% endif %}key set (preferred), a public key, or a shared secret. */
{%- if discovery %}
    JWT_DISCOVERY_URL: z.url().optional(),
{%- endif %}
    JWT_JWKS_URL: z.url().optional(),
    JWT_PUBLIC_KEY: PublicKey.optional(),
    JWT_SECRET: z.string().min(32).optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    /** From `iat`; 0: any age. */
    JWT_MAX_AGE_SECONDS: z.coerce.number().int().min(0).default(3600),
    JWT_CLOCK_SKEW_SECONDS: z.coerce.number().int().min(0).default(5),
{%- endif %}
{%- if !hashes.is_empty() %}
{% for (setting, _) in hashes %}
    {{ setting }}: Hashes,
{%- endfor %}
{%- endif %}
  })
{%- if jwt %}
  .refine((env) => JWT_KEYS.filter((name) => env[name]).length <= 1, `Set only one of ${JWT_KEYS.join(", ")}.`)
  .refine(
    (env) => env.NODE_ENV !== "production" || JWT_KEYS.some((name) => env[name]),
    `In production set one of ${JWT_KEYS.join(", ")}.`,
  )
{%- if discovery %}
  .refine(
    (env) => env.NODE_ENV !== "production" || env.JWT_DISCOVERY_URL || env.JWT_ISSUER,
    "In production set JWT_ISSUER.",
  )
{%- else %}
  .refine((env) => env.NODE_ENV !== "production" || env.JWT_ISSUER, "In production set JWT_ISSUER.")
{%- endif %}
  .refine((env) => env.NODE_ENV !== "production" || env.JWT_AUDIENCE, "In production set JWT_AUDIENCE.")
{%- endif %}
{%- for (setting, short) in hashes %}
{%- if short %}
  .refine((env) => env.NODE_ENV !== "production" || env.{{ setting }}.length > 0, "In production set {{ setting }}.")
{%- else %}
  .refine(
    (env) => env.NODE_ENV !== "production" || env.{{ setting }}.length > 0,
    "In production set {{ setting }}.",
  )
{%- endif %}
{%- endfor %};
