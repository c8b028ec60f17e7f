//! An HTTP API model and a framework become the files of a server. Knows nothing of where they go.

mod framework;

pub use framework::Framework;
