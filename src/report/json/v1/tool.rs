//! The program that wrote a document.

use schemars::JsonSchema;
use serde::Serialize;

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

impl Tool {
    pub const CURRENT: Self = Self {
        name: "backsmith",
        version: env!("CARGO_PKG_VERSION"),
    };
}
