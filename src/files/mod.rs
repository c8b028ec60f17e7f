//! Reading and writing files. Every error names its path; every write is atomic, and identical
//! bytes are never written again. The only place, with `terminal` and `postgres`, that does I/O.

mod atomic;
mod batch;
mod clock;
mod documents;
mod encoding;
mod kept;
pub mod manifest;
mod migration;
mod network;
mod owned;
mod plan;
mod read;
mod sources;

pub use atomic::write_atomically;
pub use batch::Batch;
pub use clock::second_of_run;
pub use documents::{Documents, FoundDocument};
pub use kept::KeptFile;
pub use migration::MigrationFile;
pub use network::Stop;
pub use owned::{OwnedAction, OwnedEntry, OwnedFile, OwnedPlan, Ownership};
pub use plan::{Action, Entry, Plan, PlannedFile};
pub use read::{
    Input, MISSING, read_bytes, read_standard_input, read_standard_input_bytes, read_text,
};
pub use sources::{project_root, read_sources};
