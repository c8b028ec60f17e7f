//! The reader's documents come from files and URLs: its questions are passed on, and faults of what
//! was found are told as faults of the document that refers to it.

use std::pin::Pin;

use url::Url;

use crate::api::{self, LoadFault, LoadFaultKind, Loaded, Loader, Reading, UNREACHABLE_DOCUMENT};
use crate::diagnostic::Severity;
use crate::failure::{Failure, FailureKind, Fault};
use crate::files::{Documents, FoundDocument, MISSING};
use crate::settings::scaffold::DocumentRequest;
use crate::terminal::interrupt;

/// Reads a document with all that it refers to. One that is not valid is a failure with all of its
/// faults.
/// `undone`: what was not done then, "nothing was written".
pub(super) fn read(request: &DocumentRequest, undone: &str) -> Result<Reading, Failure> {
    let interrupt = interrupt::listen();
    let stop = {
        let interrupt = interrupt.clone();
        move || -> Pin<Box<dyn Future<Output = _>>> {
            let interrupt = interrupt.clone();
            Box::pin(async move { interrupt.wait().await })
        }
    };
    let documents = Documents::new(&request.input, request.timeout, Some(Box::new(stop)));
    let first = loaded(documents.first(&request.input)?);
    let reading = api::read_all(&first, &Network(&documents));
    if let Some(signal) = interrupt.requested() {
        return Err(Failure::interrupted(
            signal,
            format!("interrupted; {undone}"),
        ));
    }
    if reading.api.is_some() && api::is_valid(&reading.findings) {
        return Ok(reading);
    }
    let faults: Vec<_> = reading
        .findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    let closing = if faults.len() == 1 {
        let name = &first.source.name;
        format!("{name} is not valid: 1 fault, {undone}")
    } else {
        undone.to_owned()
    };
    let unreachable = faults
        .iter()
        .all(|fault| fault.code == UNREACHABLE_DOCUMENT);
    let mut failure = Failure::diagnostics(faults).closing(closing);
    if unreachable {
        failure.kind = FailureKind::Environment;
        failure.closing = Some(undone.to_owned());
    }
    Err(failure)
}

struct Network<'d>(&'d Documents);

impl Loader for Network<'_> {
    fn load(&self, address: &Url) -> Result<Loaded, LoadFault> {
        self.0
            .at(address)
            .map(loaded)
            .map_err(|failure| fault(&failure))
    }
}

fn loaded(found: FoundDocument) -> Loaded {
    Loaded {
        source: found.source,
        address: found.address,
        identity: found.identity,
    }
}

/// The first message of a failure, its causes behind it.
fn fault(failure: &Failure) -> LoadFault {
    let Some(Fault::Message(message)) = failure.faults.first() else {
        return LoadFault::new(LoadFaultKind::Unreadable, "the document cannot be read");
    };
    let kind = match failure.kind {
        FailureKind::Environment => LoadFaultKind::Unreachable,
        _ if message.code == Some(MISSING) => LoadFaultKind::Missing,
        _ => LoadFaultKind::Unreadable,
    };
    let mut text = message.text.clone();
    for detail in message.causes.iter().chain(&message.details) {
        text.push_str(": ");
        // The number says nothing that the words do not.
        text.push_str(detail.split(" (os error").next().unwrap_or(detail));
    }
    LoadFault {
        kind,
        message: text,
        help: message.hint.clone(),
    }
}
