{% if hashes %}import { createHash, timingSafeEqual } from "node:crypto";
{% endif %}{% if jwt %}import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";
{% endif %}import type { Config } from "../config.js";
import type { SecuritySchemes } from "../runtime/security.js";

/** Who sent the request. Add what your handlers need: tenant, roles, … */
export interface Principal {
  subject: string;
  scopes: readonly string[];
}

/** One function per security scheme of the document. A credential that is not valid gives undefined, hence 401. */
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
      if (payload?.sub === undefined) return undefined;
      const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
      return { subject: payload.sub, scopes };
    },
{%- else if scheme.kind == "apiKey" %}
    async {{ scheme.key }}(key) {
      const hash = createHash("sha256").update(key).digest();
      const known = config.API_KEY_HASHES.some((accepted) => timingSafeEqual(hash, Buffer.from(accepted, "hex")));
      return known ? { subject: "api-key", scopes: [{{ scopes }}] } : undefined;
    },
{%- else if scheme.kind == "basic" %}
    async {{ scheme.key }}(encoded) {
      const credential = Buffer.from(encoded, "base64").toString("utf8");
      const hash = createHash("sha256").update(credential).digest();
      const known = config.BASIC_HASHES.some((accepted) => timingSafeEqual(hash, Buffer.from(accepted, "hex")));
      return known ? { subject: credential.split(":", 1)[0] ?? "", scopes: [{{ scopes }}] } : undefined;
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
{%- if jwt %}

function createTokenVerifier(config: Config): (token: string) => Promise<JWTPayload | undefined> {
  const options: JWTVerifyOptions = {
    requiredClaims: ["exp", "sub"],
    // Old tokens are refused even when their `exp` is far away.
    maxTokenAge: "1h",
    clockTolerance: "5s",
    ...(config.JWT_ISSUER && { issuer: config.JWT_ISSUER }),
    ...(config.JWT_AUDIENCE && { audience: config.JWT_AUDIENCE }),
  };
  if (config.JWT_JWKS_URL) {
    const keys = createRemoteJWKSet(new URL(config.JWT_JWKS_URL));
    return (token) => checked(jwtVerify(token, keys, { ...options, algorithms: ["RS256", "ES256", "EdDSA"] }));
  }
  if (config.JWT_SECRET) {
    const secret = new TextEncoder().encode(config.JWT_SECRET);
    return (token) => checked(jwtVerify(token, secret, { ...options, algorithms: ["HS256"] }));
  }
  return async () => undefined; // No key, no entry.
}

/** A bad token is undefined; an identity provider that cannot be reached stays an error (500, logged). */
async function checked(verification: Promise<{ payload: JWTPayload }>): Promise<JWTPayload | undefined> {
  try {
    return (await verification).payload;
  } catch (error) {
    const unreachable = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
    if (error instanceof errors.JOSEError && !unreachable) return undefined;
    throw error;
  }
}
{%- endif %}
