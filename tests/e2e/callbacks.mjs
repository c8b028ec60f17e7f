// Subscribes at a generated server of tests/fixtures/openapi/callbacks.yaml and receives what it sends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

const received = [];
const receiver = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, url, headers } = request;
  received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
  if (url === "/redirect") response.writeHead(302, { location: "/elsewhere" }).end();
  else if (url !== "/silent") response.writeHead(url === "/busy" ? 503 : 202).end();
});
await once(receiver.listen(0, "127.0.0.1"), "listening");
const here = `http://127.0.0.1:${receiver.address().port}`;

const environment = { PATH: process.env.PATH, PORT: "0", LOG_LEVEL: "info" };
const child = spawn("node", ["dist/server.js"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
const base = await new Promise((resolve) => {
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
    const port = /127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(output);
    if (port) resolve(`http://127.0.0.1:${port[1] ?? port[2]}`);
  });
});

async function subscribe(callback, headers = {}) {
  const response = await fetch(`${base}/subscriptions/new%20things?shard=3`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(callback === undefined ? {} : { callback: { "the/url": callback } }),
  });
  return { status: response.status, body: await response.json() };
}
const signature = (secret, { headers, body }) =>
  `v1,${createHmac("sha256", secret).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64")}`;

try {
  const done = await subscribe(`${here}/hook?a=1`, { "x-reply-to": `${here}/reply` });
  assert.deepEqual([done.status, done.body.statuses], [201, [202, 202, 202, 202]], JSON.stringify(done));
  const [event, parts, ping, started] = received;
  assert.deepEqual([event.method, event.url, event.body], ["POST", "/hook?a=1", '{"kind":"made"}']);
  assert.deepEqual([event.headers["content-type"], event.headers["webhook-id"]], ["application/json", "event-1"]);
  assert.equal(event.headers["webhook-signature"], signature("secret", event));
  // What comes from a request goes into an address as one part of it.
  const path = "/reply/new%20things/3?id=a%26b%2F%C3%BC&at=%2Fsubscriptions%2F1&m=POST&s=201";
  assert.deepEqual([parts.method, parts.url, parts.body], ["PUT", path, "plain"]);
  assert.deepEqual([parts.headers["content-type"], parts.headers["webhook-signature"]], ["text/plain", undefined]);
  assert.deepEqual([ping.method, ping.body, ping.headers["content-type"]], ["DELETE", "", undefined]);
  assert.equal(ping.headers["webhook-signature"], signature("plain secret", ping));
  assert.equal(ping.headers["x-extra"], "1");
  assert.deepEqual([started.method, started.body], ["POST", '{"kind":"gone"}']);
  assert.notEqual(started.headers["webhook-id"], ping.headers["webhook-id"]);

  received.length = 0;
  // Addresses that are missing, no web addresses, or not allowed are the caller's fault, and nothing is sent.
  for (const url of [undefined, "", "nothing", "file:///etc/passwd", "http://user:pw@127.0.0.1/", "http://10.0.0.1/"]) {
    const { status, body } = await subscribe(url);
    assert.deepEqual([status, body.error.code], [400, "VALIDATION_ERROR"], url);
    assert.equal(body.error.details[0].field, "body.callback.the~1url".replace("~1", "/"));
  }
  assert.equal(received.length, 0);
  // A receiver's refusal is a status; one that redirects or does not answer is an error.
  assert.deepEqual((await subscribe(`${here}/busy`)).body.statuses, [503, 503]);
  assert.equal((await subscribe(`${here}/redirect`)).status, 500);
  assert.ok(received.every(({ url }) => url !== "/elsewhere"));
} finally {
  child.kill();
  receiver.close();
  receiver.closeAllConnections();
}
