import { existsSync } from "node:fs";
import pg from "pg";
import { z } from "zod";

/** Checked when the pool is opened; server.ts does that at start. */
const Environment = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// URL"),
  DATABASE_POOL_MAX: z.coerce.number().int().positive().default(10),
  DATABASE_CONNECT_TIMEOUT_MS: z.coerce.number().int().positive().default(5_000),
  DATABASE_STATEMENT_TIMEOUT_MS: z.coerce.number().int().positive().default(10_000),
});

let opened: pg.Pool | undefined;

/** The one pool of the process. It connects with the first query. Its size: backsmith explain database/connection-pools */
export function pool(): pg.Pool {
  opened ??= open();
  return opened;
}

function open(): pg.Pool {
  if (existsSync(".env")) process.loadEnvFile();
  // An empty variable counts as one that is not set.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, text]) => text !== ""));
  const result = Environment.safeParse(given);
  // Messages name the variable and the rule, never the value.
  if (!result.success) throw new Error(`The environment is not valid:\n${z.prettifyError(result.error)}`);
  const settings = result.data;
  const created = new pg.Pool({
    connectionString: settings.DATABASE_URL,
    max: settings.DATABASE_POOL_MAX,
    connectionTimeoutMillis: settings.DATABASE_CONNECT_TIMEOUT_MS,
    statement_timeout: settings.DATABASE_STATEMENT_TIMEOUT_MS,
    types: { getTypeParser: parserOf },
  });
  // A connection that is lost while idle is replaced by the next query; without a listener it would end the process.
  created.on("error", () => undefined);
  return created;
}

/** How values are read that JSON and JavaScript would lose digits of, by the object id of their type. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  20: wholeNumber, // bigint
  1082: (text) => text, // date
  1114: (text) => text.replace(" ", "T"), // timestamp
  1184: instant, // timestamptz
  1186: (text) => text, // interval
};

function parserOf(type: number, format?: "text" | "binary"): (text: never) => unknown {
  return (PARSERS[type] as ((text: never) => unknown) | undefined) ?? pg.types.getTypeParser(type, format as "text");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint of ${text.length} digits does not fit a JSON number`);
  return value;
}

/** RFC 3339, with every digit that the database has. */
function instant(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
}
