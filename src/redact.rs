//! URLs and headers that never print their secrets. Display and Debug are safe; the value itself is
//! only handed out by `expose`, which the edges call where they connect.

mod sql;

use std::borrow::Cow;
use std::fmt;

/// What stands in for a secret.
pub const MASK: &str = "***";

/// Query keys whose values are secrets.
const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apikey",
    "api-key",
    "key",
    "sig",
    "signature",
    "sslpassword",
    "client_secret",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
    "auth",
    "code",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
];

/// A URL that may hold a password, in its user part or in its query.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL as it was given. For connecting, never for printing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&url(&self.0))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// An HTTP header; its value is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHeader {
    pub name: String,
    value: String,
}

impl SecretHeader {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }

    /// The value as it was given. For sending, never for printing.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {MASK}", self.name)
    }
}

/// Masks the password of a URL, the values of secret query keys, and, in a `key=value` connection
/// string, the password. Works on text, so that a URL that does not parse is masked as well.
pub fn url(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        // `me:secret@host/path` is a URL whose scheme was forgotten, and has secrets all the same.
        None if text
            .split('?')
            .next()
            .is_some_and(|head| !head.contains('=')) =>
        {
            (String::new(), text)
        }
        None => return key_values(text),
    };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // The last `@` of everything up to a query: passwords with unescaped `/` or `@` are masked too.
    let search_end = rest.find(['?', '#']).unwrap_or(rest.len());
    // In a connection URL nothing but a `/` ends the user part, so `?` and `#` may be in a password.
    let segment_end = rest.find('/').unwrap_or(rest.len());
    let in_segment =
        scheme.to_ascii_lowercase().starts_with("postgres") && segment_end > search_end;
    let at = rest[..authority_end]
        .rfind('@')
        .or_else(|| rest[..search_end].rfind('@'))
        .or_else(|| rest[..segment_end].rfind('@').filter(|_| in_segment));
    let mut masked = scheme;
    let remainder = match at {
        Some(at) => {
            let user = &rest[..at];
            match user.split_once(':') {
                Some((name, _)) => masked.push_str(&format!("{name}:{MASK}@")),
                None => masked.push_str(&format!("{user}@")),
            }
            &rest[at + 1..]
        }
        None => rest,
    };
    let (path, query) = match remainder.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (remainder, None),
    };
    masked.push_str(path);
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((key, _)) if is_secret_key(key) => format!("{key}={MASK}"),
            _ => pair.to_owned(),
        });
        masked.push('?');
        masked.push_str(&pairs.collect::<Vec<_>>().join("&"));
    }
    masked
}

/// Masks the secrets of all URLs and of SQL in a text and keeps every byte where it is, for lines of
/// a user's file that are shown with carets below them.
pub fn in_place(text: &str) -> Cow<'_, str> {
    let of_sql = if text.contains(['\'', '$']) {
        sql::secrets(text)
    } else {
        Vec::new()
    };
    if of_sql.is_empty() && !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut masked = text.as_bytes().to_vec();
    for secret in of_sql {
        masked[secret].fill(b'*');
    }
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        let ends = |letter: char| letter.is_whitespace() || "\"'`<>{},".contains(letter);
        let end = text[start..]
            .find(ends)
            .map_or(text.len(), |end| start + end);
        let url = &text[start..end];
        let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
        if let Some(user) = url[..authority].rfind('@')
            && let Some(colon) = url[..user].find(':')
        {
            masked[start + colon + 1..start + user].fill(b'*');
        }
        let Some(query) = url.find('?') else {
            continue;
        };
        let mut from = start + query + 1;
        for pair in url[query + 1..].split('&') {
            let value = pair.split('#').next().unwrap_or(pair);
            if let Some((key, _)) = value.split_once('=')
                && is_secret_key(key)
            {
                masked[from + key.len() + 1..from + value.len()].fill(b'*');
            }
            from += pair.len() + 1;
        }
    }
    // Whole runs between ASCII letters were replaced by ASCII.
    String::from_utf8(masked).map_or(Cow::Borrowed(MASK), Cow::Owned)
}

fn is_secret_key(key: &str) -> bool {
    let key = url::form_urlencoded::parse(key.as_bytes()).next();
    let lower = key.map_or_else(String::new, |(key, _)| key.to_ascii_lowercase());
    SECRET_KEYS.contains(&lower.as_str())
}

/// The words of a `key=value` connection string, where quotes hold blanks and `\` escapes.
fn key_values(text: &str) -> String {
    if !text.contains("password") && !text.contains("secret") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    let mut after_secret = false;
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return words.join(" ");
        }
        let mut key = String::new();
        while let Some(letter) = letters.next_if(|letter| *letter != '=' && !letter.is_whitespace())
        {
            key.push(letter);
        }
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.next_if_eq(&'=').is_none() {
            // Not a pair: behind a password it may be the rest of one.
            words.push(if after_secret { MASK.to_owned() } else { key });
            continue;
        }
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        let mut value = String::new();
        let quoted = letters.peek() == Some(&'\'');
        while let Some(letter) = letters.next() {
            if !quoted && letter.is_whitespace() {
                break;
            }
            value.push(letter);
            match letter {
                '\\' => value.extend(letters.next()),
                '\'' if quoted && value.len() > 1 => break,
                _ => {}
            }
        }
        after_secret = is_secret_key(&key);
        let shown = if after_secret { MASK } else { value.as_str() };
        words.push(format!("{key}={shown}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_every_secret_place() {
        for (given, shown) in [
            (
                "postgres://app:s3cret@db:5432/shop",
                "postgres://app:***@db:5432/shop",
            ),
            ("postgres://app@db/shop", "postgres://app@db/shop"),
            ("postgres://app:a/b@db/shop", "postgres://app:***@db/shop"),
            ("postgres://app:a@b@db/shop", "postgres://app:***@db/shop"),
            (
                "postgres:///shop?password=x&user=y",
                "postgres:///shop?password=***&user=y",
            ),
            (
                "https://h/p?token=abc&page=2",
                "https://h/p?token=***&page=2",
            ),
            ("https://h/p?api%5Fkey=abc", "https://h/p?api%5Fkey=***"),
            ("https://h/p", "https://h/p"),
            ("https://h/p?pwd=abc&pass=x", "https://h/p?pwd=***&pass=***"),
            ("me:s3cret@h:80/p?token=abc", "me:***@h:80/p?token=***"),
            ("schema/v2.sql", "schema/v2.sql"),
            ("postgres://u:a?b#c@h/d", "postgres://u:***@h/d"),
            ("postgres://h?user=a@b/c", "postgres://h?user=a@b/c"),
            (
                r"host=db password = 's3 c\'ret' user=app",
                "host=db password=*** user=app",
            ),
            ("password=s3 cret user=u", "password=*** *** user=u"),
            (
                "host=db password=s3cret user=app",
                "host=db password=*** user=app",
            ),
        ] {
            assert_eq!(url(given), shown);
            assert_eq!(format!("{:?}", SecretUrl::new(given)), shown);
        }
    }

    #[test]
    fn secrets_are_masked_where_they_stand() {
        assert_eq!(
            in_place("$ref: 'https://me:pä@h/a.yaml?token=abc&page=2#/x' # see http://b/?key=1"),
            "$ref: 'https://me:***@h/a.yaml?token=***&page=2#/x' # see http://b/?key=*"
        );
        assert_eq!(in_place("see https://h/a?b=c"), "see https://h/a?b=c");
    }

    #[test]
    fn a_header_never_shows_its_value() {
        assert_eq!(
            format!("{:?}", SecretHeader::new("Authorization", "Bearer x")),
            "Authorization: ***"
        );
    }
}
