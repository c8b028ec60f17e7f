//! Two catalogs become a migration and its rollback; findings, advice and the rehearsal plan.

pub mod advise;
pub mod execution;
pub mod rehearsal;
pub mod rules;
pub mod script;
pub mod suggest;
pub mod workload;
