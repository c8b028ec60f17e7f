//! The examples of RFC 7541, Appendix C, and what no block may do.

use super::*;

fn octets(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16).map(|value| value as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<String, Fault> {
    let mut list = String::new();
    decoder.decode(block, 1 << 16, &mut Room::default(), |field| {
        let text = String::from_utf8_lossy;
        list += &format!("{}: {}\n", text(field.name), text(field.value));
    })?;
    Ok(list)
}

const FIRST: &str = ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n";
const SECOND: &str =
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n";
const THIRD: &str = ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n";

#[test]
fn single_fields() {
    // C.2.
    for (block, list) in [
        (
            "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
            "custom-key: custom-header\n",
        ),
        (
            "040c 2f73 616d 706c 652f 7061 7468",
            ":path: /sample/path\n",
        ),
        (
            "1008 7061 7373 776f 7264 0673 6563 7265 74",
            "password: secret\n",
        ),
        ("82", ":method: GET\n"),
    ] {
        let decoded = decode(&mut Decoder::new(4096), &octets(block));
        assert_eq!(decoded.as_deref(), Ok(list));
    }
}

#[test]
fn requests_that_share_a_table() {
    // C.3 without and C.4 with the Huffman code.
    for blocks in [
        [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ],
        [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ],
    ] {
        let mut decoder = Decoder::new(4096);
        for (block, list) in blocks.iter().zip([FIRST, SECOND, THIRD]) {
            let decoded = decode(&mut decoder, &octets(block));
            assert_eq!(decoded.as_deref(), Ok(list));
        }
    }
}

#[test]
fn answers_that_push_entries_out() {
    let first = ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";
    let second = first.replace("302", "307");
    let third = ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\ncontent-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n";
    // C.5 without and C.6 with the Huffman code; the table has 256 octets.
    for blocks in [
        [
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
        ],
        [
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ],
    ] {
        let mut decoder = Decoder::new(256);
        for (block, list) in blocks.iter().zip([first, &second, third]) {
            let decoded = decode(&mut decoder, &octets(block));
            assert_eq!(decoded.as_deref(), Ok(list));
        }
    }
}

#[test]
fn what_no_block_may_do() {
    for block in [
        "80",             // index 0
        "be",             // an entry that is not there
        "7e 0161",        // a name that is not there
        "40",             // no name
        "4001 61",        // no value
        "4005 6161",      // shorter than it says
        "3fe2 1f",        // a table of 4,097
        "82 20",          // a change of the table behind a field
        "ffff ffff ffff", // a number without an end
        "0081 0001 61",   // padding of zeros
    ] {
        let decoded = decode(&mut Decoder::new(4096), &octets(block));
        assert!(matches!(decoded, Err(Fault::Malformed(_))), "{block}");
    }
    // A field of the list counts 32 more than its octets.
    let mut decoder = Decoder::new(4096);
    let list = |decoder: &mut Decoder, longest| {
        decoder.decode(&[0x82, 0x84], longest, &mut Room::default(), |_| {})
    };
    assert_eq!(list(&mut decoder, 42 + 38), Ok(()));
    assert_eq!(list(&mut decoder, 42 + 37), Err(Fault::TooLong));
}

#[test]
fn the_table_changes_its_size_at_the_start_of_a_block() {
    let mut decoder = Decoder::new(4096);
    let block = octets("400161 0162");
    assert_eq!(decode(&mut decoder, &block).as_deref(), Ok("a: b\n"));
    assert_eq!(decode(&mut decoder, &[0xbe]).as_deref(), Ok("a: b\n"));
    // Emptied, and as large as before.
    assert_eq!(
        decode(&mut decoder, &octets("20 3fe11f 82")).as_deref(),
        Ok(":method: GET\n")
    );
    assert!(decode(&mut decoder, &[0xbe]).is_err());
}

#[test]
fn what_is_encoded_comes_back() {
    let fields = [
        (":method", "GET"),
        (":method", "PATCH"),
        (":path", "/a?b=c%20d"),
        ("authorization", "Bearer token"),
        ("x-own", "Ä\t~ \u{1}"),
        ("accept", ""),
    ];
    let mut block = vec![NO_TABLE];
    let mut expected = String::new();
    for (name, value) in fields {
        encode(name, value.as_bytes(), &mut block);
        expected += &format!("{name}: {value}\n");
    }
    let mut decoder = Decoder::new(4096);
    for _ in 0..2 {
        assert_eq!(decode(&mut decoder, &block), Ok(expected.clone()));
    }
    // Fields of the specification's table take one octet, and secrets say so.
    assert_eq!(block[..2], [NO_TABLE, 0x82]);
    let mut secret = Vec::new();
    encode("authorization", b"x", &mut secret);
    assert_eq!(secret[0] & 0xf0, 0x10);
}
