//! Two catalogs become a migration and its rollback; findings, advice and the rehearsal plan.

pub mod advise;
pub mod comparison;
pub mod diff;
pub mod emit;
pub mod execution;
pub mod file;
pub mod header;
pub mod layout;
pub mod rehearsal;
pub mod rename;
pub mod rules;
pub mod script;
pub mod suggest;
pub mod workload;
