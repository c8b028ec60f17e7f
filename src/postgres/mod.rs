//! Connections, introspection, execution and scratch databases. The only place that names sqlx.
