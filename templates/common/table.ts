import pg from "pg";
import { pool } from "./db.js";
import { ApiError, badRequest, conflict, type Detail, notFound, unprocessable } from "./runtime/errors.js";

/** How the values of a column travel: arrays are read as JSON, bytes are base64, text is read-only. */
type Transport = "plain" | "json" | "bytes" | "array" | "text";

type Column<Row> = keyof Row & string;

export interface Description<Row> {
  /** Quoted, with its schema. */
  name: string;
  /** Where its rows are: `/customers`. */
  path: string;
  /** One of its rows, in words. */
  noun: string;
  /** What identifies a row; nothing does for a view. */
  key: readonly Column<Row>[];
  columns: { readonly [Name in Column<Row>]: Transport };
  /** Columns of the order that may be null. */
  nullable?: readonly Column<Row>[];
  /** The order of what has no key. */
  order?: readonly Column<Row>[];
  /** The columns behind each constraint, for the details of an error. */
  constraints?: Readonly<Record<string, readonly Column<Row>[]>>;
}

export interface Page<Row> {
  data: Row[];
  meta: { nextCursor: string | null };
}

export interface ListOptions<Row> {
  limit: number;
  cursor?: string | undefined;
  /** A column, with a minus for the reverse. Only columns with an index belong here. */
  sort?: string | undefined;
  /** Rows whose columns have these values; what is undefined does not count. */
  where?: Readonly<Partial<Record<Column<Row>, unknown>>>;
}

export interface Table<Row> {
  /** By key where there is one, not by offset: backsmith explain api/pagination */
  list(options: ListOptions<Row>): Promise<Page<Row>>;
  get(key: Partial<Row>): Promise<Row>;
  /** Throws a 404 when there is no such row. */
  expect(key: Partial<Row>): Promise<void>;
  create(values: Partial<Row>): Promise<Row>;
  update(key: Partial<Row>, values: Partial<Row>): Promise<Row>;
  delete(key: Partial<Row>): Promise<void>;
  location(row: Row): string;
}

/** Reads and writes one table. Values are always parameters; names come from the description alone. */
export function table<Row extends object>(description: Description<Row>): Table<Row> {
  const { name, path, noun, key } = description;
  const columns = Object.keys(description.columns) as Column<Row>[];
  const selection = columns.map((column) => selected(column, description.columns[column])).join(", ");

  const encode = (column: Column<Row>, value: unknown): unknown => {
    if (value === null || value === undefined) return null;
    const transport = description.columns[column];
    if (transport === "json") return JSON.stringify(value);
    return transport === "bytes" ? Buffer.from(String(value), "base64") : value;
  };

  /** The condition of one row. */
  const identified = (values: Partial<Row>, parameters: unknown[]) =>
    key.map((column) => `${quote(column)} = $${parameters.push(encode(column, values[column]))}`).join(" AND ");

  /** The columns of a body that are columns of the table. */
  const given = (values: Partial<Row>) =>
    columns.filter((column) => Object.hasOwn(values, column) && values[column] !== undefined);

  const run = async (sql: string, parameters: unknown[], deleting = false): Promise<pg.QueryResult<Row>> => {
    try {
      return await pool().query<Row>(sql, parameters);
    } catch (error) {
      throw refused(error, description, deleting);
    }
  };

  const first = (result: pg.QueryResult<Row>): Row => {
    const row = result.rows[0];
    if (row === undefined) throw notFound(`The ${noun}`);
    return row;
  };

  const self: Table<Row> = {
    async list({ limit, cursor, sort, ...options }) {
      const where = (options.where ?? {}) as Partial<Record<Column<Row>, unknown>>;
      const parameters: unknown[] = [];
      const filters = columns.filter((column) => where[column] !== undefined);
      const conditions = filters.map(
        (column) => `${quote(column)} = $${parameters.push(encode(column, where[column]))}`,
      );
      const descending = sort?.startsWith("-") ?? false;
      const sorted = (descending ? sort?.slice(1) : sort) as Column<Row> | undefined;
      const order = key.length > 0 ? [...new Set(sorted ? [sorted, ...key] : key)] : (description.order ?? []);
      let offset = 0;
      if (cursor !== undefined) {
        const position = decodeCursor(cursor, sort, key.length > 0 ? order.length : 1);
        if (key.length > 0) conditions.push(after(order, position, descending, description, parameters));
        else offset = wholeNumber(position[0]);
      }
      const filter = conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : "";
      const direction = descending ? " DESC" : "";
      const ordered = order.length > 0 ? ` ORDER BY ${order.map((column) => quote(column) + direction).join(", ")}` : "";
      // One row more than asked for says whether there is another page.
      const range = ` LIMIT $${parameters.push(limit + 1)}` + (offset > 0 ? ` OFFSET $${parameters.push(offset)}` : "");
      const { rows } = await run(`SELECT ${selection} FROM ${name}${filter}${ordered}${range}`, parameters);
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      if (rows.length <= limit || last === undefined) return { data, meta: { nextCursor: null } };
      const position = key.length > 0 ? order.map((column) => last[column]) : [offset + limit];
      return { data, meta: { nextCursor: encodeCursor(position, sort) } };
    },

    async get(values) {
      const parameters: unknown[] = [];
      return first(await run(`SELECT ${selection} FROM ${name} WHERE ${identified(values, parameters)}`, parameters));
    },

    async expect(values) {
      const parameters: unknown[] = [];
      const { rows } = await run(`SELECT 1 FROM ${name} WHERE ${identified(values, parameters)}`, parameters);
      if (rows.length === 0) throw notFound(`The ${noun}`);
    },

    async create(values) {
      const parameters: unknown[] = [];
      const used = given(values);
      const places = used.map((column) => `$${parameters.push(encode(column, values[column]))}`);
      const inserted = used.length > 0 ? `(${used.map(quote).join(", ")}) VALUES (${places.join(", ")})` : "DEFAULT VALUES";
      return first(await run(`INSERT INTO ${name} ${inserted} RETURNING ${selection}`, parameters));
    },

    async update(values, changes) {
      const parameters: unknown[] = [];
      const used = given(changes);
      if (used.length === 0) return self.get(values);
      const set = used.map((column) => `${quote(column)} = $${parameters.push(encode(column, changes[column]))}`);
      const condition = identified(values, parameters);
      return first(
        await run(`UPDATE ${name} SET ${set.join(", ")} WHERE ${condition} RETURNING ${selection}`, parameters),
      );
    },

    async delete(values) {
      const parameters: unknown[] = [];
      const { rowCount } = await run(`DELETE FROM ${name} WHERE ${identified(values, parameters)}`, parameters, true);
      if (rowCount === 0) throw notFound(`The ${noun}`);
    },

    location(row) {
      return [path, ...key.map((column) => encodeURIComponent(String(row[column])))].join("/");
    },
  };
  return self;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function selected(column: string, transport: Transport): string {
  const name = quote(column);
  if (transport === "array") return `to_jsonb(${name}) AS ${name}`;
  if (transport === "bytes") return `translate(encode(${name}, 'base64'), E'\\n', '') AS ${name}`;
  return transport === "text" ? `${name}::text AS ${name}` : name;
}

/** The condition for the rows behind a position. Null comes last, and first in the reverse, as in the index. */
function after<Row>(
  order: readonly Column<Row>[],
  position: readonly unknown[],
  descending: boolean,
  { nullable = [] }: Description<Row>,
  parameters: unknown[],
): string {
  const comparison = descending ? "<" : ">";
  const behind = (columns: readonly Column<Row>[], values: readonly unknown[]): string => {
    const places = values.map((value) => `$${parameters.push(value)}`);
    return `(${columns.map(quote).join(", ")}) ${comparison} (${places.join(", ")})`;
  };
  const [sorted, ...rest] = order;
  const [value, ...others] = position;
  if (sorted === undefined || !nullable.includes(sorted)) return behind(order, position);
  const column = quote(sorted);
  if (value === null) {
    const among = `(${column} IS NULL AND ${behind(rest, others)})`;
    return descending ? `(${column} IS NOT NULL OR ${among})` : among;
  }
  const among = behind(order, position);
  return descending ? among : `(${among} OR ${column} IS NULL)`;
}

/** The position of the last row of a page, and the order that it belongs to. */
function encodeCursor(position: readonly unknown[], sort: string | undefined): string {
  return Buffer.from(JSON.stringify([sort ?? "", ...position])).toString("base64url");
}

function decodeCursor(cursor: string, sort: string | undefined, length: number): unknown[] {
  try {
    const [order, ...position]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    const scalar = (value: unknown) => value === null || ["string", "number", "boolean"].includes(typeof value);
    if (order === (sort ?? "") && position.length === length && position.every(scalar)) return position;
  } catch {
    // Not one of ours.
  }
  throw badRequest("The cursor does not belong to this list.");
}

function wholeNumber(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw badRequest("The cursor does not belong to this list.");
  return value as number;
}

/** The constraint that failed as an answer; anything else stays an error of ours. */
function refused<Row>(error: unknown, { constraints = {} }: Description<Row>, deleting: boolean): unknown {
  if (!(error instanceof pg.DatabaseError)) return unreachable(error) ?? error;
  const own = error.constraint === undefined ? undefined : constraints[error.constraint];
  const fields = own ?? (error.column === undefined ? [] : [error.column]);
  const details = (message: string): Detail[] => fields.map((field) => ({ field: `body.${field}`, message }));
  switch (error.code) {
    case "23505": // unique_violation
    case "23P01": // exclusion_violation
      return new ApiError(409, "CONFLICT", "Another row has these values.", { details: details("is taken"), cause: error });
    case "23503": // foreign_key_violation
      if (deleting || own === undefined) return conflict("Other rows refer to this one.");
      return unprocessable("The row refers to one that does not exist.", details("refers to nothing"));
    case "23502": // not_null_violation
      return unprocessable("A value is missing.", details("must not be null"));
    case "23514": // check_violation
      return unprocessable("The values break a rule of the database.", details("breaks a rule"));
    case "22001": // string_data_right_truncation
    case "22003": // numeric_value_out_of_range
    case "22007": // invalid_datetime_format
    case "22008": // datetime_field_overflow
    case "22P02": // invalid_text_representation
    case "22P05": // untranslatable_character
    case "22021": // character_not_in_repertoire
      return unprocessable("The database does not take one of the values.");
    default:
      return unreachable(error) ?? error;
  }
}

const UNREACHABLE = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EPIPE", "53300", "57P01", "57P02", "57P03"];

/** A database that does not answer is no fault of the caller, and may be back soon. */
function unreachable(error: unknown): ApiError | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const timedOut = typeof message === "string" && message.startsWith("timeout exceeded when trying to connect");
  if (!timedOut && !UNREACHABLE.includes(String(code))) return undefined;
  return new ApiError(503, "UNAVAILABLE", "The database does not answer.", { headers: { "Retry-After": "5" }, cause: error });
}
