//! Frames of HTTP/2 written by hand, so that a server of a test can say what no library would.

/// Any frame, right or wrong.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![high, middle, low, kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A SETTINGS frame of these parameters.
pub(crate) fn settings(parameters: &[(u16, u32)]) -> Vec<u8> {
    let octets = parameters.iter().flat_map(|(name, value)| {
        let (name, value) = (name.to_be_bytes(), value.to_be_bytes());
        name.into_iter().chain(value)
    });
    frame(4, 0, 0, &octets.collect::<Vec<u8>>())
}

/// A field with its name and value spelled out, no table involved.
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        assert!(text.len() < 127, "one octet of length");
        bytes.push(text.len() as u8);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// The header block of an answer.
pub(crate) fn head(status: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = field(":status", &status.to_string());
    for (name, value) in fields {
        block.extend(field(name, value));
    }
    block
}
