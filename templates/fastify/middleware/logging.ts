import plugin from "fastify-plugin";

/**
 * One line per request, without query, headers and body, so that no credential can reach the log.
 * What else belongs there: backsmith explain security/logging
 */
export const logging = plugin(async (fastify) => {
  fastify.addHook("onResponse", async (request, reply) => {
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    const [path] = request.url.split("?", 1);
    const aborted = !reply.raw.writableFinished;
    request.log.info(
      { method: request.method, path, status: reply.statusCode, durationMs, ...(aborted && { aborted }) },
      "request",
    );
  });
});
