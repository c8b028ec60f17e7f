{% if jwt %}import { createPublicKey } from "node:crypto";
{% endif %}import { z } from "zod";
{%- if hashes %}

/** SHA-256 (hex) of each accepted credential, comma separated; the credentials themselves are never stored. */
const Hashes = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter((hash) => hash !== ""))
  .pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/, "must be SHA-256 in hex")));
{%- endif %}
{%- if jwt %}

const PublicKey = z.string().transform((text, context) => {
  try {
    // In one line a line end is written as \n.
    return createPublicKey(text.replaceAll("\\n", "\n")).export({ format: "jwk" });
  } catch {
    context.addIssue("must be a public key in PEM");
    return z.NEVER;
  }
});

const JWT_KEYS = [{% if discovery %}"JWT_DISCOVERY_URL", {% endif %}"JWT_JWKS_URL", "JWT_PUBLIC_KEY", "JWT_SECRET"] as const;
{%- endif %}

/** Every setting comes from the environment (or .env in development) and is checked once, at start. */
{{ environment }}

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
