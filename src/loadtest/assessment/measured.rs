//! What was measured of one endpoint, and of each request of a list.

use std::time::Duration;

use super::{Endpoint, MeasuredAside, Named};
use crate::loadtest::expectation::Figures;
use crate::loadtest::recording::{Part, Recording};
use crate::loadtest::statistics::{Acceptance, Summary, rate, share};

/// Words of a path where a password or a token is handed out.
const SIGN_IN: [&str; 18] = [
    "auth",
    "authenticate",
    "authentication",
    "authorization",
    "authorize",
    "login",
    "logon",
    "oauth",
    "otp",
    "password",
    "passwords",
    "session",
    "sessions",
    "signin",
    "signon",
    "token",
    "tokens",
    "totp",
];
/// The same in two words: `sign-in`.
const SIGN_IN_APART: [[&str; 2]; 4] =
    [["log", "in"], ["log", "on"], ["sign", "in"], ["sign", "on"]];

/// One endpoint's figures.
#[derive(Clone, Debug)]
pub struct Measured {
    pub endpoint: Endpoint,
    pub recording: Recording,
    pub latency: Summary,
    /// In open loop.
    pub service: Option<Summary>,
    pub requests_per_second: f64,
    /// Failed exchanges and answers that are not accepted.
    pub errors: u64,
    /// Completed and failed exchanges.
    pub finished: u64,
    /// The time in which this endpoint was loaded: in a comparison its own blocks.
    pub seconds: f64,
    /// One for each request of a mix, in the order of the endpoint.
    pub parts: Vec<MeasuredPart>,
    /// What went along and is in none of the other figures.
    pub aside: Option<MeasuredAside>,
}

/// The figures of one request of a mix.
#[derive(Clone, Debug)]
pub struct MeasuredPart {
    pub named: Named,
    pub part: Part,
    pub latency: Summary,
    pub requests_per_second: f64,
    /// Failed exchanges and answers that are not accepted of this request.
    pub errors: u64,
    /// Completed and failed exchanges.
    pub finished: u64,
}

impl MeasuredPart {
    fn new(named: Named, part: Part, loaded: Duration, accepts: Acceptance) -> Self {
        let accepted = |status: &u16| match named.accepted.as_slice() {
            [] => accepts.accepts(*status),
            ranges => ranges.iter().any(|range| range.contains(status)),
        };
        let refused = part.statuses.iter().filter(|(status, _)| !accepted(status));
        Self {
            errors: part.requests.failed + refused.map(|(_, count)| count).sum::<u64>(),
            latency: Summary::of(&part.latency),
            requests_per_second: rate(part.requests.completed, loaded),
            finished: part.requests.completed + part.requests.failed,
            named,
            part,
        }
    }

    pub fn error_rate(&self) -> f64 {
        share(self.errors, self.finished)
    }

    /// What expectations of this request look at.
    pub fn figures(&self) -> Figures {
        Figures {
            requests_per_second: self.requests_per_second,
            errors: self.errors,
            finished: self.finished,
            latency: self.latency.clone(),
        }
    }
}

impl Measured {
    pub(super) fn new(
        endpoint: Endpoint,
        recording: Recording,
        elapsed: Duration,
        accepts: Acceptance,
    ) -> Self {
        let blocks: f64 = recording.blocks.iter().map(|block| block.seconds).sum();
        let loaded = if recording.blocks.is_empty() {
            elapsed
        } else {
            Duration::from_secs_f64(blocks)
        };
        let pairs = endpoint.requests.iter().zip(&recording.parts);
        let parts: Vec<MeasuredPart> = pairs
            .map(|(named, part)| MeasuredPart::new(named.clone(), part.clone(), loaded, accepts))
            .collect();
        let errors = if parts.is_empty() {
            accepts.errors_of(&recording)
        } else {
            parts.iter().map(|part| part.errors).sum()
        };
        let aside = endpoint.aside.as_ref().zip(recording.aside.as_ref());
        Self {
            aside: aside.map(|(faulty, record)| MeasuredAside::new(faulty, record, loaded)),
            latency: Summary::of(&recording.latency),
            service: recording.service.as_ref().map(Summary::of),
            requests_per_second: rate(recording.requests.completed, loaded),
            errors,
            parts,
            finished: recording.requests.completed + recording.requests.failed,
            seconds: loaded.as_secs_f64(),
            endpoint,
            recording,
        }
    }

    pub fn error_rate(&self) -> f64 {
        share(self.errors, self.finished)
    }

    /// Little's law: requests in flight are their rate times the time that each takes.
    pub fn in_flight(&self) -> f64 {
        let mean = self.latency.mean.unwrap_or(0.0);
        rate(self.finished, Duration::from_secs_f64(self.seconds)) * mean / 1e3
    }

    /// Whether its address is one at which people sign in.
    pub fn is_sign_in(&self) -> bool {
        signs_in(&self.endpoint.url)
    }

    pub fn successes(&self) -> u64 {
        let good = self.recording.statuses.range(200..400);
        good.map(|(_, count)| count).sum()
    }
}

/// Whether a segment of the path has a whole word of signing in: `/authors` and `?token=` have none.
fn signs_in(url: &str) -> bool {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').skip(1).any(|segment| {
        // What stands behind `;` belongs to the segment as a query does to the path.
        let words = words(segment.split(';').next().unwrap_or_default());
        words.iter().any(|word| SIGN_IN.contains(&word.as_str()))
            || words
                .windows(2)
                .any(|pair| SIGN_IN_APART.iter().any(|known| pair == known))
    })
}

/// The words of `sign-in`, `user_login`, `resetPassword` and `oauth2`, in lower case, without numbers.
fn words(segment: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_after_small = false;
    for character in segment.chars() {
        if !character.is_alphabetic() || (is_after_small && character.is_uppercase()) {
            words.push(String::new());
        }
        is_after_small = character.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| character.is_alphabetic()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::signs_in;

    #[test]
    fn where_people_sign_in() {
        for url in [
            "http://a/login",
            "http://a/LOGIN",
            "http://a/users/log-in",
            "http://a/signin?next=/books",
            "http://a/sign_in",
            "http://a/signIn",
            "http://a/v1/userLogin",
            "http://a/users:signIn",
            "http://a/auth",
            "http://a/auth/jwt",
            "http://a/oauth2/token",
            "http://a/oauth/authorize",
            "http://a/OAuth",
            "http://a/authenticate",
            "http://a/session",
            "http://a/api/sessions",
            "http://a/login.php",
            "http://a/reset-password",
            "http://a/verify_otp#form",
            "http://a/login;from=books",
        ] {
            assert!(signs_in(url), "{url}");
        }
    }

    #[test]
    fn what_only_looks_like_it() {
        for url in [
            "http://a",
            "http://a/",
            "http://login.example/books",
            "http://auth:80/books",
            "http://a/authors",
            "http://a/authority/7",
            "http://a/books?token=7",
            "http://a/books?next=/login",
            "http://a/books#/login",
            "http://a/books;token=7",
            "http://a/tokenizer",
            "http://a/obsession",
            "http://a/blogin",
            "http://a/signing",
            "http://a/sign/in",
            "http://a/log-inventory",
            "http://a/potpourri",
        ] {
            assert!(!signs_in(url), "{url}");
        }
    }
}
