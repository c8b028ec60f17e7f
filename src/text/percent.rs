//! Percent-encoding, as URLs have it.

/// A `%` that no two digits follow stands for itself.
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn what_is_no_code_stays() {
        for (text, wanted) in [
            ("a%20b", "a b"),
            ("100%", "100%"),
            ("%zz%41", "%zzA"),
            ("é", "é"),
        ] {
            assert_eq!(percent_decoded(text), wanted.as_bytes());
        }
    }
}
