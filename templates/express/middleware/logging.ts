import type { Request, Response } from "express";
import type { Logger } from "pino";
import { type HttpLogger, pinoHttp } from "pino-http";
import { requestId } from "./request-id.js";

/**
 * One line per request, without query, headers and body, so that no credential can reach the log.
 * What else belongs there: backsmith explain security/logging
 */
export function logging(logger: Logger): HttpLogger<Request, Response> {
  const summary = (req: Request, res: Response, { durationMs }: { durationMs: number }) => ({
    method: req.method,
    path: req.originalUrl.split("?", 1)[0],
    status: res.statusCode,
    durationMs,
    ...(!res.writableFinished && { aborted: true }),
  });
  return pinoHttp<Request, Response>({
    logger,
    genReqId: requestId,
    // What a handler logs through req.log carries the request's id and nothing else of it.
    quietReqLogger: true,
    quietResLogger: true,
    customAttributeKeys: { reqId: "requestId", responseTime: "durationMs" },
    customSuccessObject: summary,
    customSuccessMessage: () => "request",
    customErrorObject: (req, res, _error, values) => summary(req, res, values),
    customErrorMessage: () => "request",
    autoLogging: { ignore: (req) => req.originalUrl === "/health" },
  });
}
