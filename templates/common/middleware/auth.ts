{% if hashes %}import { createHash, timingSafeEqual } from "node:crypto";
{% endif %}{% if jwt %}import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";
{% endif %}{% if discovery %}import { z } from "zod";
{% endif %}import type { Config } from "../config.js";
import type { SecuritySchemes } from "../runtime/security.js";

/** Who sent the request. Add what your handlers need: tenant, roles, … */
export interface Principal {
  subject: string;
  scopes: readonly string[];
}

{% if hashes && !scopes.is_empty() %}/** What keys and passwords may do, since they name no scopes themselves. Narrow it to your needs. */
const ALL_SCOPES = {{ scopes }};

{% endif %}/** One function per security scheme of the document. A credential that is not valid gives undefined, hence 401. */
export function createSecuritySchemes({% if !jwt && !hashes %}_{% endif %}config: Config): SecuritySchemes {
{%- if jwt %}
  const verify = createTokenVerifier(config);
{%- endif %}
{%- if schemes.is_empty() %}
  return {};
{%- else %}
  return {
{%- for scheme in schemes %}
{%- if !loop.first %}
{% endif %}
{%- if scheme.kind == "jwt" %}
    async {{ scheme.key }}(token) {
      const payload = await verify(token);
      return payload?.sub === undefined ? undefined : { subject: payload.sub, scopes: scopesOf(payload) };
    },
{%- else if scheme.kind == "apiKey" %}
    async {{ scheme.key }}(key) {
      const hash = findHash(config.{{ scheme.setting }}, key);
      return hash === undefined ? undefined : { subject: `{{ scheme.subject }}:${hash.slice(0, 8)}`, scopes: {% if scopes.is_empty() %}[]{% else %}ALL_SCOPES{% endif %} };
    },
{%- else if scheme.kind == "basic" %}
    async {{ scheme.key }}(encoded) {
      const credential = Buffer.from(encoded, "base64").toString("utf8");
      const known = findHash(config.{{ scheme.setting }}, credential) !== undefined;
      return known ? { subject: credential.split(":", 1)[0] ?? "", scopes: {% if scopes.is_empty() %}[]{% else %}ALL_SCOPES{% endif %} } : undefined;
    },
{%- else %}
    // Nobody can guess how this credential is checked: until it is written here, every one is refused.
    async {{ scheme.key }}(_credential) {
      return undefined;
    },
{%- endif %}
{%- endfor %}
  };
{%- endif %}
}
{%- if hashes %}

/**
 * The hash of a credential when it is one of the accepted. Comparing takes the same time for every wrong one.
 * Why a plain hash will do: backsmith explain security/api-keys
 */
function findHash(accepted: readonly string[], credential: string): string | undefined {
  const digest = createHash("sha256").update(credential).digest();
  return accepted.find((hash) => timingSafeEqual(digest, Buffer.from(hash, "hex")));
}
{%- endif %}
{%- if jwt %}

/** OAuth's `scope` is one text; some providers send a list, or call it `scp`. */
function scopesOf(payload: JWTPayload): string[] {
  const claim = payload.scope ?? payload.scp;
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim.map(String) : [];
}

/**
 * Checks tokens with the key that the environment names. The algorithms are pinned by the kind of the key, not by the token:
 * backsmith explain security/tokens
 */
function createTokenVerifier(config: Config): (token: string) => Promise<JWTPayload | undefined> {
  const options: JWTVerifyOptions = {
    algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
    requiredClaims: ["exp", "sub"],
    clockTolerance: config.JWT_CLOCK_SKEW_SECONDS,
    // Old tokens are refused even when their `exp` is far away.
    ...(config.JWT_MAX_AGE_SECONDS > 0 && { maxTokenAge: config.JWT_MAX_AGE_SECONDS }),
    ...(config.JWT_ISSUER && { issuer: config.JWT_ISSUER }),
    ...(config.JWT_AUDIENCE && { audience: config.JWT_AUDIENCE }),
  };
{%- if discovery %}
  if (config.JWT_DISCOVERY_URL) {
    const discover = createDiscovery(config.JWT_DISCOVERY_URL);
    return async (token) => {
      const { issuer, keys } = await discover();
      return checked(jwtVerify(token, keys, { issuer, ...options }));
    };
  }
{%- endif %}
  if (config.JWT_JWKS_URL) {
    const keys = createRemoteJWKSet(new URL(config.JWT_JWKS_URL));
    return (token) => checked(jwtVerify(token, keys, options));
  }
  if (config.JWT_PUBLIC_KEY) {
    const keys = createLocalJWKSet({ keys: [config.JWT_PUBLIC_KEY] });
    // There is one key, whatever name the issuer gave it.
    return (token) => checked(jwtVerify(token, ({ alg }) => keys({ alg }), options));
  }
  if (config.JWT_SECRET) {
    const secret = new TextEncoder().encode(config.JWT_SECRET);
    return (token) => checked(jwtVerify(token, secret, { ...options, algorithms: ["HS256"] }));
  }
  // Production does not come here: it does not start without a key.
  if (config.NODE_ENV === "development") process.emitWarning("no JWT key is set, every bearer token is refused");
  return async () => undefined;
}

/** A bad token is undefined; an identity provider that does not answer stays an error (500, logged). */
async function checked(verification: Promise<{ payload: JWTPayload }>): Promise<JWTPayload | undefined> {
  try {
    return (await verification).payload;
  } catch (error) {
    const provider = ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"];
    if (error instanceof errors.JOSEError && !provider.includes(error.code)) return undefined;
    throw error;
  }
}
{%- endif %}
{%- if discovery %}

interface Provider {
  issuer: string;
  keys: ReturnType<typeof createRemoteJWKSet>;
}

/** OpenID Connect discovery: who issues the tokens, and with which keys. Asked once, and again after a failure. */
function createDiscovery(url: string): () => Promise<Provider> {
  const Metadata = z.object({ issuer: z.string(), jwks_uri: z.url() });
  let provider: Promise<Provider> | undefined;

  async function discover(): Promise<Provider> {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    const { issuer, jwks_uri } = Metadata.parse(await response.json());
    return { issuer, keys: createRemoteJWKSet(new URL(jwks_uri)) };
  }

  return () => {
    provider ??= discover().catch((error: unknown) => {
      provider = undefined;
      throw error;
    });
    return provider;
  };
}
{%- endif %}
