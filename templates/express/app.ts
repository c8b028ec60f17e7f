import express, { type Express } from "express";
import { type Logger, pino } from "pino";
import type { Config } from "./config.js";
import { createSecuritySchemes, type Principal } from "./middleware/auth.js";
import { errorHandler, unknownRoute } from "./middleware/errors.js";
import { logging } from "./middleware/logging.js";
import { security } from "./middleware/security.js";
import { createRouter } from "./routes/index.js";

declare global {
  namespace Express {
    interface Locals {
      principal?: Principal | undefined;
    }
  }
}

export interface App {
  app: Express;
  logger: Logger;
}

export function createApp(config: Config): App {
  const logger = pino({ level: config.LOG_LEVEL });

  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", config.TRUST_PROXY);

  app.use(logging(logger));
{%- if health %}
  app.get("/health", (_req, res) => {
    res.json({ status: "ok" });
  });
{%- endif %}
  app.use(security(config));
  app.use(
    createRouter({
      schemes: createSecuritySchemes(config),
      bodyLimit: config.BODY_LIMIT,
      validateResponses: config.NODE_ENV !== "production",
    }),
  );
  app.use(unknownRoute);
  app.use(errorHandler);

  return { app, logger };
}
