//! Integers that begin inside of an octet (RFC 7541, 5.1).

use super::Fault;

/// No number of a header block is larger: lengths are bounded by the head, indices by the table.
const LARGEST: usize = 1 << 24;

/// Octets after the first that a number up to `LARGEST` can have, leading zeros included.
const LONGEST: u32 = 4;

/// Writes `value` behind the high bits of `first`, whose low `bits` are free.
pub(super) fn encode(value: usize, bits: u32, first: u8, out: &mut Vec<u8>) {
    let most = (1_usize << bits) - 1;
    if value < most {
        out.push(first | value as u8);
        return;
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Takes a number from the low `bits` of the first octet on.
pub(super) fn decode(block: &mut &[u8], bits: u32) -> Result<usize, Fault> {
    let truncated = Fault::Malformed("the block ends inside of a field");
    let (first, mut rest) = block.split_first().ok_or(truncated)?;
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & most;
    if value == most {
        for place in 0..=LONGEST {
            let (octet, after) = rest.split_first().ok_or(truncated)?;
            rest = after;
            value += usize::from(octet & 0x7f) << (7 * place);
            if value > LARGEST || place == LONGEST {
                return Err(Fault::Malformed("a number is too large"));
            }
            if octet & 0x80 == 0 {
                break;
            }
        }
    }
    *block = rest;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_specification() {
        // RFC 7541, C.1.
        for (value, bits, octets) in [
            (10, 5, &[10][..]),
            (1337, 5, &[31, 154, 10]),
            (42, 8, &[42]),
        ] {
            let mut out = Vec::new();
            encode(value, bits, 0, &mut out);
            assert_eq!(out, octets);
            let mut rest = octets;
            assert_eq!(decode(&mut rest, bits), Ok(value));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn numbers_are_bounded() {
        for value in [0, 1, 126, 127, 128, 254, 255, 16_384, LARGEST] {
            for bits in [4, 5, 6, 7] {
                let mut out = Vec::new();
                encode(value, bits, 0, &mut out);
                out.push(7);
                let mut rest = out.as_slice();
                assert_eq!(decode(&mut rest, bits), Ok(value));
                assert_eq!(rest, [7]);
            }
        }
        for broken in [
            &[][..],
            &[0x7f],
            &[0x7f, 0x80],
            &[0x7f, 0x80, 0x80, 0x80, 0x80, 0x00],
            &[
                0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
            &[0x7f, 0xff, 0xff, 0xff, 0x7f],
        ] {
            let mut rest = broken;
            assert!(decode(&mut rest, 7).is_err(), "{broken:?}");
        }
    }
}
