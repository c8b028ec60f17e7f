//! `backsmith scaffold`: one file per direction.

mod from_database;
mod from_document;
mod generate_spec;
mod handlers;
mod write;

use crate::failure::{Failure, Verdict};
use crate::settings::scaffold::{Request, Source};
use crate::terminal::Terminal;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    match &request.source {
        Source::Document(document) => from_document::run(request, document, terminal),
        Source::Database(url) => from_database::run(request, url, terminal),
        Source::Routes(path) => generate_spec::run(request, path, terminal),
    }
}
