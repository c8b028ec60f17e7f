//! The Huffman code of header strings (RFC 7541, 5.2). The code of Appendix B is canonical: codes of
//! one length follow each other in the order of their symbols, so the lengths are all of it.

use super::Fault;

/// Bits of the code of each octet, and at the end of the symbol that ends a string.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

const SYMBOLS: usize = 257;
const LONGEST: usize = 30;

/// Codes up to this long are found by one look; they are those of nearly all octets of a header.
const QUICK: usize = 8;

/// The code in the forms that encoding and decoding want, worked out by the compiler.
struct Code {
    codes: [u32; SYMBOLS],
    /// In the order of their codes.
    symbols: [u16; SYMBOLS],
    /// By length: the first code, how many there are, and the place of the first in `symbols`.
    first: [u32; LONGEST + 1],
    count: [u32; LONGEST + 1],
    place: [u32; LONGEST + 1],
    /// By the next bits: the octet and the length of its code, 0 where the code is longer.
    quick: [(u8, u8); 1 << QUICK],
}

static CODE: Code = Code::new();

impl Code {
    const fn new() -> Self {
        let mut code = Self {
            codes: [0; SYMBOLS],
            symbols: [0; SYMBOLS],
            first: [0; LONGEST + 1],
            count: [0; LONGEST + 1],
            place: [0; LONGEST + 1],
            quick: [(0, 0); 1 << QUICK],
        };
        let (mut next, mut place, mut length) = (0_u32, 0_u32, 1);
        while length <= LONGEST {
            next <<= 1;
            code.first[length] = next;
            code.place[length] = place;
            let mut symbol = 0;
            while symbol < SYMBOLS {
                if LENGTHS[symbol] as usize == length {
                    code.codes[symbol] = next;
                    code.symbols[place as usize] = symbol as u16;
                    if length <= QUICK {
                        let low = (next as usize) << (QUICK - length);
                        let mut rest = 0;
                        while rest < 1 << (QUICK - length) {
                            code.quick[low + rest] = (symbol as u8, length as u8);
                            rest += 1;
                        }
                    }
                    next += 1;
                    place += 1;
                }
                symbol += 1;
            }
            code.count[length] = next - code.first[length];
            length += 1;
        }
        code
    }

    /// The symbol at the start of these bits (the highest is the next one) and the length of its code.
    fn find(&self, bits: u64) -> (u16, usize) {
        let (octet, length) = self.quick[(bits >> (64 - QUICK)) as usize];
        if length > 0 {
            return (u16::from(octet), usize::from(length));
        }
        for length in QUICK + 1..LONGEST {
            let beyond = (bits >> (64 - length)) as u32 - self.first[length];
            if beyond < self.count[length] {
                return (self.symbols[(self.place[length] + beyond) as usize], length);
            }
        }
        let beyond = (bits >> (64 - LONGEST)) as u32 - self.first[LONGEST];
        (
            self.symbols[(self.place[LONGEST] + beyond) as usize],
            LONGEST,
        )
    }
}

/// Octets of the encoded string.
pub(super) fn encoded_length(text: &[u8]) -> usize {
    let bits: usize = text
        .iter()
        .map(|octet| usize::from(LENGTHS[usize::from(*octet)]))
        .sum();
    bits.div_ceil(8)
}

pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut have) = (0_u64, 0);
    for octet in text {
        let symbol = usize::from(*octet);
        have += u32::from(LENGTHS[symbol]);
        bits = bits << LENGTHS[symbol] | u64::from(CODE.codes[symbol]);
        while have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
        }
    }
    if have > 0 {
        // The rest of the last octet is the start of the symbol that ends a string: ones.
        out.push((bits << (8 - have)) as u8 | 0xff >> have);
    }
}

/// Appends the decoded string.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = text.iter();
    let (mut bits, mut have) = (0_u64, 0_usize);
    loop {
        while have <= 56 {
            let Some(octet) = rest.next() else { break };
            bits |= u64::from(*octet) << (56 - have);
            have += 8;
        }
        // No code of fewer than eight bits is all ones, so these are the padding.
        if have < 8 && bits == !(u64::MAX >> have) {
            return Ok(());
        }
        let (symbol, length) = CODE.find(bits);
        if length > have {
            return Err(Fault::Malformed("a Huffman string has wrong padding"));
        }
        let Ok(octet) = u8::try_from(symbol) else {
            return Err(Fault::Malformed("a Huffman string holds its end symbol"));
        };
        out.push(octet);
        bits <<= length;
        have -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_appendix() {
        for (symbol, code, length) in [
            (usize::from(b'0'), 0x0, 5),
            (usize::from(b't'), 0x9, 5),
            (usize::from(b' '), 0x14, 6),
            (usize::from(b'z'), 0x7b, 7),
            (usize::from(b'&'), 0xf8, 8),
            (usize::from(b'!'), 0x3f8, 10),
            (0, 0x1ff8, 13),
            (usize::from(b'\\'), 0x7_fff0, 19),
            (128, 0xf_ffe6, 20),
            (10, 0x3fff_fffc, 30),
            (256, 0x3fff_ffff, 30),
        ] {
            let found = (CODE.codes[symbol], LENGTHS[symbol]);
            assert_eq!(found, (code, length), "{symbol}");
        }
    }

    #[test]
    fn every_octet_comes_back() {
        for octet in 0..=255_u8 {
            for text in [vec![octet], vec![octet; 7], vec![b'a', octet, b'z']] {
                let mut encoded = Vec::new();
                encode(&text, &mut encoded);
                assert_eq!(encoded.len(), encoded_length(&text));
                let mut decoded = Vec::new();
                assert_eq!(decode(&encoded, &mut decoded), Ok(()));
                assert_eq!(decoded, text);
            }
        }
    }

    #[test]
    fn padding_is_ones_and_shorter_than_an_octet() {
        for broken in [
            &[0b0001_1000][..],        // `a` and zeros
            &[0b0001_1111, 0xff],      // an octet of padding too many
            &[0xff],                   // nothing but padding, and a whole octet of it
            &[0xff, 0xff, 0xff, 0xff], // the end symbol
            &[0xff, 0xff, 0xff, 0xfc], // one of thirty bits: a line feed, and two zeros
            &[0b1111_1110],            // the start of a longer code
        ] {
            let decoded = decode(broken, &mut Vec::new());
            assert!(decoded.is_err(), "{broken:?}");
        }
        assert_eq!(decode(&[0b0001_1111], &mut Vec::new()), Ok(()));
        assert_eq!(decode(&[], &mut Vec::new()), Ok(()));
    }
}
