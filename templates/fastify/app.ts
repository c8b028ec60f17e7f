import { type FastifyInstance, fastify, LogController } from "fastify";
import type { Config } from "./config.js";
import { createSecuritySchemes } from "./middleware/auth.js";
import { errors, sendError } from "./middleware/errors.js";
import { logging } from "./middleware/logging.js";
import { requestId, requestIdHeader } from "./middleware/request-id.js";
import { security } from "./middleware/security.js";
import { routes } from "./routes/index.js";

export async function createApp(config: Config): Promise<FastifyInstance> {
  const app = fastify({
    logger: { level: config.LOG_LEVEL },
    // One line per request, from middleware/logging.ts, instead of two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    trustProxy: (_address, hop) => hop < config.TRUST_PROXY,
    bodyLimit: config.BODY_LIMIT,
    requestTimeout: 60_000,
    http: { headersTimeout: 15_000 },
    routerOptions: { maxParamLength: 1024 },
    // A request that arrives on a kept-alive connection during shutdown is still answered.
    return503OnClosing: false,
    // Errors before routing, such as a malformed URL.
    frameworkErrors: sendError,
  });

  await app.register(requestIdHeader);
  await app.register(logging);
  await app.register(security, { config });
  await app.register(errors);
{%- if health %}

  app.get("/health", { logLevel: "warn" }, async () => ({ status: "ok" }));
{%- endif %}

  await app.register(routes, {
    schemes: createSecuritySchemes(config),
    bodyLimit: config.BODY_LIMIT,
    validateResponses: config.NODE_ENV !== "production",
  });

  return app;
}
