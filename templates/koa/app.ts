import Koa from "koa";
import { type Logger, pino } from "pino";
import type { Config } from "./config.js";
import { createSecuritySchemes } from "./middleware/auth.js";
import { errors } from "./middleware/errors.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import { rateLimit, securityHeaders } from "./middleware/security.js";
import { createRouter } from "./routes/index.js";
import type { Context, State } from "./runtime/koa.js";

export interface App {
  app: Koa<State>;
  logger: Logger;
}

export function createApp(config: Config): App {
  const logger = pino({ level: config.LOG_LEVEL });
  const router = createRouter({
    schemes: createSecuritySchemes(config),
    bodyLimit: config.BODY_LIMIT,
    validateResponses: config.NODE_ENV !== "production",
  });

  const app = new Koa<State>({ proxy: config.TRUST_PROXY > 0, maxIpsCount: config.TRUST_PROXY });
  app.on("error", (error: unknown, ctx?: Context) => {
    logger.error({ err: error, requestId: ctx?.state.requestId }, "request failed");
  });

  // Outermost first: what is above sees what is below, also its errors.
  app.use(requestId);
{%- if health %}
  app.use(async (ctx, next) => {
    if (ctx.path === "/health" && ["GET", "HEAD"].includes(ctx.method)) ctx.body = { status: "ok" };
    else await next();
  });
{%- endif %}
  app.use(logging(logger));
  app.use(errors);
  app.use(securityHeaders());
  app.use(rateLimit(config));
  app.use(router.routes());

  return { app, logger };
}
