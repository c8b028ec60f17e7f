//! Why one exchange failed: its kind for the counts, its words for the first of that kind.

use std::fmt;
use std::io;

use crate::loadtest::recording::{ErrorKind, Obstacle};
use crate::loadtest::{http1, http2};

/// A failed connection or exchange.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    System(io::Error),
    Answer(http1::Fault),
    Stream(http2::Fault),
    Words(String),
}

impl Failure {
    pub(super) fn new(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            cause: Cause::Words(words.into()),
        }
    }

    pub(super) fn timeout() -> Self {
        // The tally counts it, and the plan knows how long it was; no allocation for the words.
        Self {
            kind: ErrorKind::Timeout,
            cause: Cause::Words(String::new()),
        }
    }

    /// Whether the other side ended the connection.
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.kind, ErrorKind::Closed | ErrorKind::Reset)
    }

    /// While connecting.
    pub(super) fn connecting(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ErrorKind::Reset,
            io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ if is_tls(&error) => ErrorKind::Tls,
            _ => ErrorKind::Connect,
        };
        Self {
            kind,
            cause: Cause::System(error),
        }
    }

    /// In the TLS handshake: whatever fails here is a matter of TLS, a reset and an end apart.
    pub(super) fn handshake(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ErrorKind::Reset,
            _ => ErrorKind::Tls,
        };
        Self {
            kind,
            cause: Cause::System(error),
        }
    }

    /// While an exchange is under way.
    pub(super) fn exchanging(error: io::Error) -> Self {
        Self {
            kind: Self::kind_of(&error),
            cause: Cause::System(error),
        }
    }

    /// What an error of the system means while an exchange is under way.
    pub(super) fn kind_of(error: &io::Error) -> ErrorKind {
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => ErrorKind::Reset,
            io::ErrorKind::UnexpectedEof => ErrorKind::Closed,
            io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ if is_tls(error) => ErrorKind::Tls,
            _ => ErrorKind::Other,
        }
    }

    /// An error of the system, or of what stands on it, in words.
    pub(super) fn words_of(error: &io::Error) -> String {
        if let Some(obstacle) = tls_fault(error).and_then(obstacle) {
            return obstacle.words().to_owned();
        }
        let text = error.to_string();
        let mut rest = text.chars();
        let first = rest.next().map(|letter| letter.to_lowercase().to_string());
        format!("{}{}", first.unwrap_or_default(), rest.as_str())
    }
}

impl From<http1::Fault> for Failure {
    fn from(fault: http1::Fault) -> Self {
        let kind = match fault {
            http1::Fault::Unanswered | http1::Fault::Truncated => ErrorKind::Closed,
            _ => ErrorKind::Protocol,
        };
        Self {
            kind,
            cause: Cause::Answer(fault),
        }
    }
}

impl From<http2::Fault> for Failure {
    fn from(fault: http2::Fault) -> Self {
        let kind = match fault {
            http2::Fault::Unanswered
            | http2::Fault::Truncated
            | http2::Fault::Ended(http2::Code::NO_ERROR) => ErrorKind::Closed,
            http2::Fault::Reset(_) => ErrorKind::Reset,
            _ => ErrorKind::Protocol,
        };
        Self {
            kind,
            cause: Cause::Stream(fault),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::System(error) => formatter.write_str(&Self::words_of(error)),
            Cause::Answer(fault) => write!(formatter, "{fault}"),
            Cause::Stream(fault) => write!(formatter, "{fault}"),
            Cause::Words(words) if words.is_empty() => formatter.write_str("timed out"),
            Cause::Words(words) => formatter.write_str(words),
        }
    }
}

fn is_tls(error: &io::Error) -> bool {
    tls_fault(error).is_some()
}

fn tls_fault(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// What the frequent faults of TLS are to those who run the server.
fn obstacle(error: &rustls::Error) -> Option<Obstacle> {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            Some(Obstacle::PlainPort)
        }
        rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired) => {
            Some(Obstacle::WantsCertificate)
        }
        rustls::Error::InvalidCertificate(fault) => match fault {
            Certificate::Expired | Certificate::ExpiredContext { .. } => Some(Obstacle::Expired),
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                Some(Obstacle::OtherName)
            }
            // A certificate that signed itself arrives as another error of the verifier.
            Certificate::UnknownIssuer | Certificate::BadSignature | Certificate::Other(_) => {
                Some(Obstacle::Untrusted)
            }
            // The words of the library begin with those of `Obstacle::Refused`.
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn a_certificate_that_is_refused_for_a_rare_reason_keeps_it() {
        let error = rustls::Error::InvalidCertificate(CertificateError::Revoked);
        let words = Failure::handshake(io::Error::other(error)).to_string();
        assert_eq!(words, "invalid peer certificate: Revoked");
        assert_eq!(Obstacle::of(&words), Some(Obstacle::Refused));
    }
}
