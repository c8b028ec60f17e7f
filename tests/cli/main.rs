//! What users see: the built binary, run from a fresh folder.

mod contract;
mod house;
mod postgres;
mod reader;
mod sandbox;
mod scratch;
