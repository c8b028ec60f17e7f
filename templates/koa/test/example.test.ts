import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
{%- if case.secured && case.jwt %}
import { SignJWT } from "jose";
{%- endif %}
import { createApp } from "../{{ root }}/app.js";
import { loadConfig } from "../{{ root }}/config.js";
{%- if case.query_url.is_some() %}
import * as validators from "../{{ root }}/middleware/validators.js";
import { ApiError } from "../{{ root }}/runtime/errors.js";
import { type AnyValidator, validate } from "../{{ root }}/runtime/validate.js";
{%- endif %}
{%- if case.secured && case.jwt %}

const secret = "a secret that only this test knows, 32+";
{%- endif %}
{%- if let Some(query_url) = case.query_url %}

test("a request is validated without a server", () => {
  const request = { url: "{{ query_url }}", params: {}, headers: {} };
  assert.throws(
    () => validate(validators.{{ case.id }} as AnyValidator, request, undefined),
    (error) => error instanceof ApiError && error.details[0]?.field === "{{ case.query_field }}",
  );
});
{%- endif %}

test("{{ case.title }} answers through the whole app", async (t) => {
  const { app } = createApp(loadConfig({ NODE_ENV: "test", LOG_LEVEL: "silent"{% if case.secured && case.jwt %}, JWT_SECRET: secret{% endif %} }));
  const server = app.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}{{ case.url }}`;

{%- if case.secured %}
  assert.equal((await fetch(url)).status, 401);
{%- if case.jwt %}

  const response = await fetch(url, { headers: { authorization: `Bearer ${await token()}` } });
{%- endif %}
{%- else %}
  const response = await fetch(url);
{%- endif %}
{%- if !case.secured || case.jwt %}
{%- if case.status == 501 %}
  // Not implemented yet: change this line together with the handler.
{%- endif %}
  assert.equal(response.status, {{ case.status }});
  const { error } = (await response.json()) as { error: { code: string } };
  assert.equal(error.code, "{{ case.code }}");
{%- endif %}
});
{%- if case.secured && case.jwt %}

const token = () =>
  new SignJWT({})
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("u1")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(secret));
{%- endif %}
