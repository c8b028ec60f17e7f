//! Histograms as text: HdrHistogram V2 with DEFLATE in base64, as every tool of the family reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use crate::loadtest::recording::histogram;

/// The same counts give the same text: the bounds in the head depend on how the histogram came to
/// be, so a fresh one takes the counts first.
pub(super) fn encode(given: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let mut histogram = histogram();
    // It grows to what it is given.
    if histogram.add(given).is_err() {
        return String::new();
    }
    // Writing into memory cannot fail; an empty text would be refused when it is read.
    match V2DeflateSerializer::new().serialize(&histogram, &mut bytes) {
        Ok(_) => STANDARD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// The histogram, or nothing when the text is none.
pub(super) fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    let mut histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .ok()?;
    histogram.auto(true);
    Some(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec(1_u64..100_000_000_000, 0..100)) {
            let mut filled = histogram();
            for value in values {
                filled.record(value).expect("it grows");
            }
            let read = decode(&encode(&filled)).expect("a histogram");
            prop_assert!(read == filled);
        }
    }

    #[test]
    fn other_text_is_no_histogram() {
        for text in ["", "hello", "SElTVA==", "HISTFAAAAsR4nJNp"] {
            assert!(decode(text).is_none(), "{text}");
        }
    }
}
