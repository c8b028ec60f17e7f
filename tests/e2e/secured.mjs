// Asks a generated server of tests/fixtures/openapi/secured.yaml, started in the current folder, whatever
// a client may ask: credentials of every kind, refusals, request ids, logs, the rate limit and the end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { exportJWK, SignJWT } from "jose";

const hash = (text) => createHash("sha256").update(text).digest("hex");
const SECRET = "a secret that only this test knows".repeat(2);
const KEYS = {
  HEADER_KEY_HASHES: hash("header-key"),
  QUERY_KEY_HASHES: `${hash("other")},${hash("query-key")}`,
  COOKIE_KEY_HASHES: hash("cookie-key"),
  BASIC_HASHES: hash("ada:correct horse"),
};

async function start(environment) {
  const child = spawn("node", ["dist/server.js"], {
    env: { PATH: process.env.PATH, PORT: "0", RATE_LIMIT_MAX: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { child, output: "", exit: once(child, "exit") };
  const started = new Promise((resolve) => {
    const read = (data) => {
      server.output += data;
      const port = /127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(server.output);
      if (port) resolve((server.base = `http://127.0.0.1:${port[1] ?? port[2]}`));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
  });
  await Promise.race([started, server.exit]);
  return server;
}

async function stop(server, signal = "SIGKILL") {
  server.child.kill(signal);
  return server.exit;
}

async function ask(server, path, { method = "GET", headers = {}, body } = {}) {
  const response = await fetch(server.base + path, { method, headers, body });
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : undefined;
  if (response.status >= 400 && method !== "HEAD") {
    assert.deepEqual(Object.keys(json), ["error", "meta"], text);
    assert.equal(json.meta.requestId, response.headers.get("x-request-id"));
    assert.ok(Array.isArray(json.error.details), text);
  }
  return {
    status: response.status,
    headers: response.headers,
    json,
    error: json?.error,
    challenge: response.headers.get("www-authenticate"),
  };
}

function token(change = (claims) => claims, { alg = "HS256", key = new TextEncoder().encode(SECRET), kid, ...claims } = {}) {
  const signed = new SignJWT(claims)
    .setProtectedHeader({ alg, ...(kid && { kid }) })
    .setSubject("ada")
    .setIssuer("issuer")
    .setAudience("audience")
    .setIssuedAt()
    .setExpirationTime("5m");
  return change(signed).sign(key);
}
const bearer = async (...options) => ({ headers: { authorization: `Bearer ${await token(...options)}` } });
const basic = (text) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
const now = () => Math.floor(Date.now() / 1000);

async function credentials(server) {
  const expectation = async (path, options, status, challenge) => {
    const answer = await ask(server, path, options);
    assert.deepEqual([answer.status, answer.challenge], [status, challenge], path);
    return answer;
  };
  await expectation("/open", {}, 200, null);
  let answer = await expectation("/bearer", {}, 401, "Bearer");
  assert.equal(answer.error.message, "A credential is required.");
  await expectation("/bearer", await bearer(), 200, null);
  const invalid = 'Bearer error="invalid_token"';
  for (const change of [
    (claims) => claims.setExpirationTime("-1m"),
    (claims) => claims.setIssuedAt(now() - 7200),
    (claims) => claims.setIssuer("somebody"),
    (claims) => claims.setAudience("somebody"),
  ]) {
    answer = await expectation("/bearer", await bearer(change), 401, invalid);
    assert.equal(answer.error.message, "The credential is not valid.");
  }
  await expectation("/bearer", { headers: { authorization: "Bearer no.token.atall" } }, 401, invalid);
  await expectation("/bearer", await bearer(undefined, { alg: "HS512" }), 401, invalid);
  // Clocks may differ by a few seconds.
  await expectation("/bearer", await bearer((claims) => claims.setExpirationTime(now() - 2)), 200, null);

  const missing = 'Bearer error="insufficient_scope", scope="read:a write:b"';
  answer = await expectation("/scoped", await bearer(undefined, { scope: "read:a" }), 403, missing);
  assert.equal(answer.error.message, "The credential lacks the scope write:b.");
  await expectation("/scoped", await bearer(undefined, { scope: "write:b read:a" }), 200, null);
  await expectation("/scoped", await bearer(undefined, { scp: ["read:a", "write:b"] }), 200, null);

  await expectation("/key", {}, 401, "ApiKey");
  await expectation("/key", { headers: { "x-api-key": "header-key" } }, 200, null);
  // A key of one scheme opens no other.
  await expectation("/key", { headers: { "x-api-key": "query-key" } }, 401, "ApiKey");
  await expectation("/query-key?limit=1&api_key=query-key", {}, 200, null);
  await expectation("/query-key?limit=1&api_key=nothing", {}, 401, "ApiKey");
  await expectation("/cookie-key", { headers: { cookie: "a=b; session=cookie-key" } }, 200, null);
  const realm = 'Basic realm="Secured & quoted", charset="UTF-8"';
  await expectation("/basic", {}, 401, realm);
  await expectation("/basic", { headers: basic("ada:correct horse") }, 200, null);
  await expectation("/basic", { headers: basic("ada:wrong horse") }, 401, realm);

  // A key and a password together, or a token.
  const key = { "x-api-key": "header-key" };
  await expectation("/both", { headers: key }, 401, `${realm}, Bearer`);
  await expectation("/both", { headers: { ...key, ...basic("ada:correct horse") } }, 200, null);
  await expectation("/both", await bearer(), 200, null);

  // Whoever can be named is, also where nobody must be.
  assert.deepEqual((await ask(server, "/maybe")).json, { subject: null });
  assert.deepEqual((await ask(server, "/maybe", { headers: basic("ada:correct horse") })).json, { subject: "ada" });
  assert.deepEqual((await ask(server, "/maybe", { headers: basic("nobody:x") })).json, { subject: null });
}

async function refusals(server) {
  const upload = (body, type = "application/json") => ({ method: "POST", body, headers: { "content-type": type } });
  for (const [path, options, status, code] of [
    ["/upload", upload('{"a":"too long"}'), 400, "VALIDATION_ERROR"],
    ["/upload", upload("{"), 400, "BAD_REQUEST"],
    ["/nowhere", {}, 404, "NOT_FOUND"],
    ["/open", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED"],
    ["/upload", upload(`"${"x".repeat(1_100_000)}"`), 413, "PAYLOAD_TOO_LARGE"],
    ["/upload", upload("x", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["/broken", {}, 500, "INTERNAL_ERROR"],
  ]) {
    const answer = await ask(server, path, options);
    assert.deepEqual([answer.status, answer.error.code], [status, code]);
    assert.ok(!JSON.stringify(answer.json).includes("secret detail"));
  }
  assert.deepEqual((await ask(server, "/own")).json, { own: true });
  // What fails after it began is cut off, not ended as if it were whole.
  await assert.rejects(ask(server, "/torn"));

  const answer = await ask(server, "/open", { headers: { "x-request-id": "caller-chose-1" } });
  assert.equal(answer.headers.get("x-request-id"), "caller-chose-1");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("x-powered-by"), null);
  const odd = await ask(server, "/open", { headers: { "x-request-id": "<script>alert(1)" } });
  assert.match(odd.headers.get("x-request-id"), /^[\da-f-]{36}$/);
  assert.deepEqual((await ask(server, "/health")).json, { status: "ok" });
}

/** Every request is one line; nothing of a credential, a query or a body is in any. */
function logged(server) {
  const lines = server.output.split("\n").filter((line) => line.startsWith("{"));
  const requests = lines.map((line) => JSON.parse(line)).filter((line) => line.msg === "request");
  for (const request of requests) {
    assert.ok(request.requestId && request.method && request.path && request.status, JSON.stringify(request));
    assert.equal(typeof request.durationMs, "number");
  }
  assert.equal(requests.filter((request) => request.requestId === "caller-chose-1").length, 1);
  assert.ok(requests.every((request) => request.path !== "/health"));
  const failures = lines.map((line) => JSON.parse(line)).filter((line) => line.level === 50);
  assert.ok(failures.some((line) => line.err.message === "a secret detail" && line.err.stack && line.requestId));
  for (const secret of ["header-key", "query-key=", "=query-key", "cookie-key;", "correct horse", "eyJ", "too long", SECRET])
    assert.ok(!server.output.includes(secret), `${secret} is in the log`);
}

/** A request that runs at SIGTERM is answered although its connection is kept alive; then the process ends with 0. */
async function graceful(server) {
  const agent = new http.Agent({ keepAlive: true });
  const get = (path) =>
    new Promise((resolve, reject) => {
      const request = http.get(server.base + path, { agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      });
      request.on("error", reject);
    });
  assert.equal(await get("/open"), 200);
  const slow = get("/slow");
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.child.kill("SIGTERM");
  assert.equal(await slow, 204);
  assert.deepEqual(await server.exit, [0, null]);
  assert.match(server.output, /"msg":"stopped"/);
}

const settings = { JWT_SECRET: SECRET, JWT_ISSUER: "issuer", JWT_AUDIENCE: "audience", ...KEYS };
{
  const server = await start(settings);
  await credentials(server);
  await refusals(server);
  await graceful(server);
  logged(server);
}
{
  // A second signal does not wait, and neither does the timeout.
  const hasty = await start(settings);
  const slow = ask(hasty, "/slow").catch(() => "cut");
  await new Promise((resolve) => setTimeout(resolve, 300));
  hasty.child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 100));
  hasty.child.kill("SIGINT");
  assert.deepEqual([await slow, ...(await hasty.exit)], ["cut", 1, null]);
  const timed = await start({ ...settings, SHUTDOWN_TIMEOUT_MS: "200" });
  const cut = ask(timed, "/slow").catch(() => "cut");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual([...(await stop(timed, "SIGTERM")), await cut], [1, null, "cut"]);
}
{
  // The key set of an identity provider, named or discovered; then a public key alone.
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" };
  let healthy = false;
  const provider = http.createServer((request, response) => {
    const url = `http://127.0.0.1:${provider.address().port}`;
    if (!healthy) response.writeHead(503);
    response.end(JSON.stringify(request.url === "/keys" ? { keys: [jwk] } : { issuer: "issuer", jwks_uri: `${url}/keys` }));
  });
  await once(provider.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${provider.address().port}`;
  const signed = { alg: "RS256", key: privateKey, kid: "one", scope: "a" };
  const pem = publicKey.export({ type: "spki", format: "pem" });
  for (const [name, value] of [
    ["JWT_JWKS_URL", `${url}/keys`],
    ["JWT_DISCOVERY_URL", `${url}/.well-known/openid-configuration`],
    ["JWT_PUBLIC_KEY", pem.replaceAll("\n", "\\n")],
  ]) {
    healthy = false;
    const { JWT_SECRET: _, JWT_ISSUER: issuer, ...rest } = settings;
    const server = await start({ ...rest, ...(name !== "JWT_DISCOVERY_URL" && { JWT_ISSUER: issuer }), [name]: value });
    if (name !== "JWT_PUBLIC_KEY") {
      // A provider that is down is no fault of the caller, and not for ever.
      assert.equal((await ask(server, "/oidc", await bearer(undefined, signed))).status, 500, name);
    }
    healthy = true;
    assert.equal((await ask(server, "/oidc", await bearer(undefined, signed))).status, 200, name);
    assert.equal((await ask(server, "/oidc", await bearer((claims) => claims.setIssuer("x"), signed))).status, 401, name);
    // A public key is no secret, and a key of another kind is no fault of ours.
    const confused = { alg: "HS256", key: new TextEncoder().encode(pem), scope: "a" };
    assert.equal((await ask(server, "/oidc", await bearer(undefined, confused))).status, 401, name);
    const other = { alg: "ES384", key: elliptic.privateKey, scope: "a" };
    assert.equal((await ask(server, "/oidc", await bearer(undefined, other))).status, 401, name);
    await stop(server);
  }
  provider.close();
}
{
  // The limit counts everything of one address, refused and unknown requests too.
  const server = await start({ ...settings, RATE_LIMIT_MAX: "3", RATE_LIMIT_WINDOW_MS: "60000" });
  const statuses = [];
  let last;
  for (const path of ["/open", "/bearer", "/nowhere", "/open", "/health"]) {
    const headers = { "x-forwarded-for": `10.0.0.${statuses.length}` };
    const answer = await ask(server, path, { headers });
    statuses.push(answer.status);
    if (answer.status === 429) last = answer;
  }
  assert.deepEqual(statuses, [200, 401, 404, 429, 200]);
  assert.equal(last.error.code, "TOO_MANY_REQUESTS");
  assert.ok(Number(last.headers.get("retry-after")) > 0);
  assert.ok([...last.headers.keys()].some((name) => name.startsWith("ratelimit")));
  assert.doesNotMatch(server.output, /ValidationError|Deprecation/);
  await stop(server);
  // Behind one proxy each client has a count of its own.
  const behind = await start({ ...settings, RATE_LIMIT_MAX: "1", TRUST_PROXY: "1" });
  for (const [client, status] of [["1.1.1.1", 200], ["9.9.9.9, 1.1.1.1", 429], ["2.2.2.2", 200]])
    assert.equal((await ask(behind, "/open", { headers: { "x-forwarded-for": client } })).status, status, client);
  await stop(behind);
}
{
  // Production names every variable that it lacks, and no value; development says that tokens are refused.
  const refused = await start({ NODE_ENV: "production", PORT: "http", JWT_SECRET: "too short" });
  assert.deepEqual(await refused.exit, [1, null]);
  for (const name of ["PORT", "JWT_SECRET"]) assert.ok(refused.output.includes(name), refused.output);
  assert.doesNotMatch(refused.output, /too short|at file:|node:internal/);
  const bare = await start({ NODE_ENV: "production" });
  assert.deepEqual(await bare.exit, [1, null]);
  for (const name of ["JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", ...Object.keys(KEYS)])
    assert.ok(bare.output.includes(name), bare.output);
  const twice = await start({ ...settings, JWT_JWKS_URL: "http://127.0.0.1:1/keys" });
  assert.match(twice.output, /only one of .*JWT_SECRET/);
  const open = await start({});
  assert.match(open.output, /every bearer token is refused/);
  assert.equal((await ask(open, "/bearer", await bearer())).status, 401);
  await stop(open);
}
