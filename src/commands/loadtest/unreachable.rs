//! Nothing could be measured because nothing could be reached: what was tried, why it failed, and what
//! helps against that.

use std::time::Duration;

use crate::failure::Failure;
use crate::loadtest::plan::{Plan, Trust};
use crate::loadtest::recording::{ErrorKind, Obstacle};
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

/// What helps against a handshake that failed.
fn tls_hint(words: &str, plan: &Plan) -> &'static str {
    match Obstacle::of(words) {
        // Where every certificate is accepted, it is not the certificate that is in the way.
        Some(Obstacle::Untrusted | Obstacle::Refused) if plan.trust == Trust::Insecure => {
            against(Obstacle::PlainPort)
        }
        obstacle => against(obstacle.unwrap_or(Obstacle::PlainPort)),
    }
}

/// What takes an obstacle out of the way.
pub(super) const fn against(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::PlainPort => "`http://` speaks without TLS",
        Obstacle::NoHttp2Offered | Obstacle::NotHttp2 => {
            "without `--http2` the run speaks HTTP/1.1"
        }
        Obstacle::Http2Alone => "`--http2` speaks it",
        Obstacle::WantsCertificate => "`--cert FILE` and `--key FILE` show one",
        Obstacle::OtherName => {
            "`--resolve NAME:PORT:ADDRESS` asks under its own name, `--insecure` accepts any"
        }
        Obstacle::Expired | Obstacle::Refused => "`--insecure` accepts any certificate",
        Obstacle::Untrusted | Obstacle::NoAuthorities => {
            "`--cacert FILE` trusts the certificates of a file, `--insecure` accepts any"
        }
    }
}
