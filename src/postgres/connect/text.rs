//! Connection strings as libpq takes them: `postgres://` URLs and `key=value` words. What is wrong
//! with one is said without its values, since any of them may be a piece of a password.

/// Keywords with their values, in the order in which they were written.
pub(super) type Pairs = Vec<(String, String)>;

const ESCAPES: &str = "in a URL `/` is written %2F, `@` %40, `:` %3A, `?` %3F, `%` %25, `,` %2C";

/// Reads either form.
pub(super) fn parse(text: &str) -> Result<Pairs, String> {
    let lower = text.to_ascii_lowercase();
    let scheme = ["postgres://", "postgresql://"];
    match scheme.iter().find(|scheme| lower.starts_with(**scheme)) {
        Some(scheme) => url(&text[scheme.len()..]),
        None => match text.split_once("://") {
            Some((scheme, _)) if !scheme.contains(['=', ' ']) => {
                Err(format!("the scheme is `{scheme}`, not `postgres`"))
            }
            _ => words(text),
        },
    }
}

/// The same as a URL, for a program that connects.
pub(super) fn render(pairs: &Pairs) -> String {
    let value = |key: &str| {
        let pair = pairs.iter().rev().find(|(known, _)| known == key);
        pair.map_or("", |(_, value)| value.as_str())
    };
    let hosts: Vec<&str> = value("host").split(',').collect();
    let ports: Vec<&str> = value("port").split(',').collect();
    // A folder, or hosts and ports that do not pair up, stand in the query.
    let plain = hosts
        .iter()
        .all(|host| !host.is_empty() && !host.starts_with('/'))
        && (ports.len() == hosts.len() || ports.len() == 1);
    let mut text = "postgres://".to_owned();
    // Other readers of URLs want a host behind a user.
    let user_first = plain && !value("user").is_empty();
    if user_first {
        text.push_str(&encode(value("user")));
        if !value("password").is_empty() {
            text.push_str(&format!(":{}", encode(value("password"))));
        }
        text.push('@');
    }
    if plain {
        for (at, host) in hosts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            text.push_str(comma);
            if host.contains(':') {
                text.push_str(&format!("[{host}]"));
            } else {
                text.push_str(&encode(host));
            }
            let port = ports.get(at).or(ports.first()).copied().unwrap_or_default();
            if !port.is_empty() {
                text.push_str(&format!(":{port}"));
            }
        }
    }
    text.push_str(&format!("/{}", encode(value("dbname"))));
    let mut sign = '?';
    for (key, value) in pairs {
        let said = key == "dbname"
            || plain && ["host", "port"].contains(&key.as_str())
            || user_first && ["user", "password"].contains(&key.as_str());
        if !said {
            text.push_str(&format!("{sign}{key}={}", encode(value)));
            sign = '&';
        }
    }
    text
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Behind the scheme: `user:password@host:port,host:port/database?key=value&key=value`.
fn url(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let segment = text.find('/').unwrap_or(text.len());
    // A password may hold an `@` that was not escaped: the last one ends it.
    let rest = match text[..segment].rfind('@') {
        Some(at) => {
            let (user, password) = match text[..at].split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (&text[..at], None),
            };
            push(&mut pairs, "user", decode(user)?);
            push(
                &mut pairs,
                "password",
                decode(password.unwrap_or_default())?,
            );
            &text[at + 1..]
        }
        None => text,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    hosts(&rest[..end], &mut pairs)?;
    let rest = &rest[end..];
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, query),
        None => (rest, ""),
    };
    push(
        &mut pairs,
        "dbname",
        decode(path.strip_prefix('/').unwrap_or(path))?,
    );
    for word in query.split('&').filter(|word| !word.is_empty()) {
        let Some((key, value)) = word.split_once('=') else {
            return Err(format!("a word of the query has no `=`; {ESCAPES}"));
        };
        let (key, value) = (decode(key)?, decode(value)?);
        // As JDBC writes it, and libpq understands.
        if key == "ssl" && value == "true" {
            pairs.push(("sslmode".to_owned(), "require".to_owned()));
        } else {
            pairs.push((key, value));
        }
    }
    Ok(pairs)
}

fn push(pairs: &mut Pairs, key: &str, value: String) {
    if !value.is_empty() {
        pairs.push((key.to_owned(), value));
    }
}

/// `host:port,[::1]:port`
fn hosts(text: &str, pairs: &mut Pairs) -> Result<(), String> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for place in text.split(',') {
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let Some((host, port)) = rest.split_once(']') else {
                return Err("an address that starts with `[` has no `]`".to_owned());
            };
            (host, port.strip_prefix(':').unwrap_or(port))
        } else {
            match place.split_once(':') {
                Some((host, port)) => (host, port),
                None => (place, ""),
            }
        };
        if !port.chars().all(|letter| letter.is_ascii_digit()) {
            return Err(format!("what stands behind the host is no port; {ESCAPES}"));
        }
        hosts.push(decode(host)?);
        ports.push(port.to_owned());
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        pairs.push(("host".to_owned(), hosts.join(",")));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        pairs.push(("port".to_owned(), ports.join(",")));
    }
    Ok(())
}

fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) if high + low > 0 => bytes.push((high * 16 + low) as u8),
            _ => {
                return Err(format!(
                    "a `%` is not followed by two hexadecimal digits; {ESCAPES}"
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// `host=db password='it''s' …`: blanks around `=` are free, quotes hold blanks, `\` escapes.
fn words(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Ok(pairs);
        }
        let mut key = String::new();
        while let Some(letter) = letters.next_if(|letter| *letter != '=' && !letter.is_whitespace())
        {
            key.push(letter);
        }
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.next() != Some('=') {
            let after = pairs.last().map_or_else(
                || "it is neither a URL nor `key=value` words".to_owned(),
                |(key, _): &(String, String)| {
                    format!("the word behind the value of `{key}` has no `=`")
                },
            );
            return Err(format!(
                "{after}; a value with blanks stands in single quotes"
            ));
        }
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        let mut value = String::new();
        let quoted = letters.next_if_eq(&'\'').is_some();
        let mut closed = !quoted;
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => value.extend(letters.next()),
                '\'' if quoted => {
                    closed = true;
                    break;
                }
                letter if !quoted && letter.is_whitespace() => break,
                letter => value.push(letter),
            }
        }
        if !closed {
            return Err(format!("the quote of `{key}` is not closed"));
        }
        pairs.push((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let pairs = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect()
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        let cases = [
            ("postgres://", &[][..]),
            ("postgresql://h", &["host=h"]),
            (
                "postgres://u@h:5433/d",
                &["user=u", "host=h", "port=5433", "dbname=d"],
            ),
            (
                "postgres://u:p%40%2F%3A%25@h/d",
                &["user=u", "password=p@/:%", "host=h", "dbname=d"],
            ),
            (
                "postgres://u:a@b?c#d&e@h/d",
                &["user=u", "password=a@b?c#d&e", "host=h", "dbname=d"],
            ),
            (
                "postgres:///d?host=%2Ftmp%2Fa&user=u",
                &["dbname=d", "host=/tmp/a", "user=u"],
            ),
            ("postgres://%2Fvar%2Frun/d", &["host=/var/run", "dbname=d"]),
            (
                "postgres://a:1,b,[::1]:2/d",
                &["host=a,b,::1", "port=1,,2", "dbname=d"],
            ),
            (
                "postgres://u@/d?password=a+b&ssl=true",
                &["user=u", "dbname=d", "password=a+b", "sslmode=require"],
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), wanted, "{text}");
            let pairs = parse(text).expect("a URL");
            let mut again = read(&render(&pairs));
            let mut wanted = wanted.to_vec();
            again.sort();
            wanted.sort_unstable();
            assert_eq!(again, wanted, "{}", render(&pairs));
        }
    }

    #[test]
    fn words_are_read_as_libpq_reads_them() {
        assert_eq!(
            read(r"host = /tmp dbname=d password='it\'s a \\ b' user=u\ v port="),
            [
                "host=/tmp",
                "dbname=d",
                r"password=it's a \ b",
                "user=u v",
                "port="
            ]
        );
    }

    #[test]
    fn faults_name_no_value() {
        for text in [
            "postgres://u:s3/cret@h/d",
            "postgres://u:s3cret%@h/d",
            "postgres://u:s3cret%zz@h/d",
            "postgres://h/d?password=s3cret&cret",
            "host=h password=s3cret cret",
            "password='s3cret",
            "s3cret",
        ] {
            let fault = parse(text).expect_err(text);
            assert!(!fault.contains("cret"), "{text}: {fault}");
        }
    }
}
