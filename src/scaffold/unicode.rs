//! The properties of Unicode that regular expressions of JavaScript know by name.

/// The property as JavaScript spells it, from the spellings of other engines.
pub(super) fn property(name: &str) -> Option<String> {
    let listed =
        |names: &str, name: &str| names.split_ascii_whitespace().any(|known| known == name);
    if let Some((kind, value)) = name.split_once('=') {
        let known = match kind {
            "General_Category" | "gc" => listed(CATEGORIES, value),
            "Script" | "sc" | "Script_Extensions" | "scx" => listed(SCRIPTS, value),
            _ => false,
        };
        return known.then(|| name.to_owned());
    }
    // `IsLetter` is Java's spelling; a script needs no prefix in most engines.
    [name, name.trim_start_matches("Is")]
        .into_iter()
        .find_map(|name| {
            if listed(CATEGORIES, name) || listed(BINARY, name) {
                Some(name.to_owned())
            } else if listed(SCRIPTS, name) {
                Some(format!("Script={name}"))
            } else {
                None
            }
        })
}

/// Values of the general category.
const CATEGORIES: &str = "\
    C Other Cc Control cntrl Cf Format Cn Unassigned Co Private_Use Cs Surrogate L Letter LC \
    Cased_Letter Ll Lowercase_Letter Lm Modifier_Letter Lo Other_Letter Lt Titlecase_Letter Lu \
    Uppercase_Letter M Mark Combining_Mark Mc Spacing_Mark Me Enclosing_Mark Mn Nonspacing_Mark \
    N Number Nd Decimal_Number digit Nl Letter_Number No Other_Number P Punctuation punct Pc \
    Connector_Punctuation Pd Dash_Punctuation Pe Close_Punctuation Pf Final_Punctuation Pi \
    Initial_Punctuation Po Other_Punctuation Ps Open_Punctuation S Symbol Sc Currency_Symbol Sk \
    Modifier_Symbol Sm Math_Symbol So Other_Symbol Z Separator Zl Line_Separator Zp \
    Paragraph_Separator Zs Space_Separator";

/// Properties that a character has or has not.
const BINARY: &str = "\
    ASCII AHex ASCII_Hex_Digit Alpha Alphabetic Any Assigned Bidi_C Bidi_Control Bidi_M \
    Bidi_Mirrored CI Case_Ignorable Cased CWCF CWCM CWKCF CWL CWT CWU Dash DI \
    Default_Ignorable_Code_Point Dep Deprecated Dia Diacritic Emoji Emoji_Component \
    Emoji_Modifier Emoji_Modifier_Base Emoji_Presentation Extended_Pictographic Ext Extender \
    Gr_Base Grapheme_Base Gr_Ext Grapheme_Extend Hex Hex_Digit IDC ID_Continue IDS ID_Start Ideo \
    Ideographic Join_C Join_Control LOE Lower Lowercase Math NChar Noncharacter_Code_Point \
    Pat_Syn Pattern_Syntax Pat_WS Pattern_White_Space QMark Quotation_Mark Radical RI \
    Regional_Indicator STerm Sentence_Terminal SD Soft_Dotted Term Terminal_Punctuation UIdeo \
    Unified_Ideograph Upper Uppercase VS Variation_Selector space White_Space XIDC XID_Continue \
    XIDS XID_Start";

/// Scripts, as of Unicode 15.
const SCRIPTS: &str = "\
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak \
    Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian \
    Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot \
    Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs \
    Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi \
    Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic \
    Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana \
    Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu \
    Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen \
    Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs \
    Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari New_Tai_Lue Newa Nko Nushu \
    Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic \
    Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya \
    Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic \
    Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng \
    Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil \
    Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho \
    Warang_Citi Yezidi Yi Zanabazar_Square";
