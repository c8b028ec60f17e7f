//! JavaScript and TypeScript source: routes as a model of an API, and what a file exports. Nothing
//! here runs the code it reads. The only place that names the parser.

pub mod exports;
mod source;
