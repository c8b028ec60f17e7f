//! What stands between a client and a server of other ways: the one place that holds the words of each,
//! which the runner writes, reports keep, and hints are chosen by.

/// Why client and server do not come together, where somebody can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// TLS was spoken to a port that does not.
    PlainPort,
    /// HTTP/2 alone was offered in the handshake, and the server did not take it.
    NoHttp2Offered,
    /// HTTP/2 was spoken to a port that answered in another language.
    NotHttp2,
    /// HTTP/1.1 alone was offered in the handshake, and the server did not take it.
    Http2Alone,
    WantsCertificate,
    OtherName,
    Expired,
    Untrusted,
    /// No authority is known by which certificates could be checked.
    NoAuthorities,
    /// A certificate that is refused for a rarer reason, which follows the words.
    Refused,
}

impl Obstacle {
    pub const ALL: [Self; 10] = [
        Self::PlainPort,
        Self::NoHttp2Offered,
        Self::NotHttp2,
        Self::Http2Alone,
        Self::WantsCertificate,
        Self::OtherName,
        Self::Expired,
        Self::Untrusted,
        Self::NoAuthorities,
        Self::Refused,
    ];

    /// In the words of those who run the server.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PlainPort => "the server does not speak TLS on this port",
            Self::NoHttp2Offered => "the server does not offer HTTP/2",
            Self::NotHttp2 => "the server does not speak HTTP/2 on this port",
            Self::Http2Alone => "the server offers HTTP/2 alone",
            Self::WantsCertificate => "the server asks for a certificate of the client",
            Self::OtherName => "the server's certificate is for another name",
            Self::Expired => "the server's certificate has expired",
            Self::Untrusted => {
                "the server's certificate is signed by nobody that this machine trusts"
            }
            Self::NoAuthorities => "this machine has no certificates of authorities to check with",
            Self::Refused => "invalid peer certificate",
        }
    }

    /// What the words of a failure tell of, if they are those of an obstacle.
    pub fn of(words: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|obstacle| words.starts_with(obstacle.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_each_are_read_back() {
        for obstacle in Obstacle::ALL {
            assert_eq!(Obstacle::of(obstacle.words()), Some(obstacle));
        }
        assert_eq!(Obstacle::of("connection refused (os error 111)"), None);
        assert_eq!(Obstacle::of(""), None);
    }
}
