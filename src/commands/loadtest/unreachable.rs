//! Nothing could be measured because nothing could be reached: what was tried, why it failed, and what
//! helps against that.

use std::time::Duration;

use crate::failure::Failure;
use crate::loadtest::plan::{Plan, Trust};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::runner::Unreachable;
use crate::text::number::{counted, seconds};

pub(super) fn failure(unreachable: &Unreachable, plan: &Plan) -> Failure {
    if unreachable.connections == 0 {
        // Not one was tried: this machine is at fault.
        return Failure::environment("the load could not be started")
            .cause(unreachable.words.clone())
            .hint("fewer `--threads`; `backsmith doctor` shows the limits of this machine");
    }
    let target = &plan.targets[unreachable.target].requests()[unreachable.request];
    let url = target.url.to_string();
    // Where connections go elsewhere than the URL says, it is there that nothing answers.
    let place = match (&plan.unix_socket, plan.proxy()) {
        (Some(path), _) => format!("the socket `{}`", path.display()),
        (None, Some(proxy)) => format!("the proxy `{proxy}`"),
        (None, None) => format!("`{url}`"),
    };
    let failure = match unreachable.kind {
        ErrorKind::Dns => Failure::environment(format!("the host of {place} is not known"))
            .cause(unreachable.words.clone()),
        ErrorKind::Tls => Failure::environment(format!("no TLS connection to `{url}`"))
            .cause(unreachable.words.clone()),
        _ => Failure::environment(format!("nothing answers at {place}")).cause(format!(
            "{}, {} of {} in {}",
            unreachable.words,
            unreachable.connections,
            counted(unreachable.connections as u64, "connection"),
            seconds(unreachable.elapsed.max(Duration::from_millis(10)))
        )),
    };
    let failure = failure.code("unreachable");
    match unreachable.kind {
        ErrorKind::Dns => failure.hint("check the host's name"),
        ErrorKind::Tls => failure.hint(tls_hint(&unreachable.words, plan)),
        _ => failure.hint(match (&plan.unix_socket, plan.proxy()) {
            (Some(path), _) => format!(
                "is the server up, and on this socket? `curl -i --unix-socket {} {url}`",
                path.display()
            ),
            (None, Some(proxy)) => {
                format!("is the proxy up, and on this port? `curl -i --proxy {proxy} {url}`")
            }
            (None, None) => format!("is the server up, and on this port? `curl -i {url}`"),
        }),
    }
}

/// What helps against a handshake that failed. The runner's words say why it did.
fn tls_hint(words: &str, plan: &Plan) -> &'static str {
    if words.contains("does not speak TLS") {
        "`http://` speaks without TLS"
    } else if words.contains("does not offer HTTP/2") {
        "without `--http2` the run speaks HTTP/1.1"
    } else if words.contains("offers HTTP/2 alone") {
        "`--http2` speaks it"
    } else if words.contains("asks for a certificate") {
        "`--cert FILE` and `--key FILE` show one"
    } else if !words.contains("certificate") || plan.trust == Trust::Insecure {
        "`http://` speaks without TLS"
    } else if words.contains("for another name") {
        "`--resolve NAME:PORT:ADDRESS` asks under its own name, `--insecure` accepts any"
    } else if words.contains("expired") {
        "`--insecure` accepts any certificate"
    } else {
        "`--cacert FILE` trusts the certificates of a file, `--insecure` accepts any"
    }
}
