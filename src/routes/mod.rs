//! Route source in JavaScript or TypeScript becomes an HTTP API model. The only place that names the parser.
