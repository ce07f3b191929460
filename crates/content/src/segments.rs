//! What a text costs as SMS: the alphabet it needs and the number of segments it fills.
//!
//! The arithmetic is the one of 3GPP TS 23.038 and 23.040 with an 8-bit reference: 160 septets or 70 UTF-16 units alone,
//! 153 or 67 per part of several. Parts are filled greedily and no escape pair or surrogate pair is cut, so a pair that
//! doesn't fit moves whole into the next part. A carrier may do it differently: its own count, where told, is the truth.

use serde::Serialize;

/// The alphabet a text needs as SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// Two bytes per unit; one foreign character switches the whole message to it.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// The alphabet it needs.
    pub encoding: Encoding,
    /// Its size: septets for GSM-7, UTF-16 units for UCS-2.
    pub units: u32,
    /// How many segments are sent and charged; 0 for an empty text.
    pub segments: u32,
    /// Its size in Unicode scalar values, as people count and as limits of the vendors' interfaces count.
    pub characters: u32,
}

/// Septets that a character takes in the GSM alphabet; nothing if it isn't in it.
pub fn gsm_septets(character: char) -> Option<u32> {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '\n' | '\r' => Some(1),
        '^' | '{' | '}' | '\\' | '[' | ']' | '~' | '|' | '€' | '\u{c}' => Some(2),
        '@' | '£' | '$' | '¥' | '_' | '!' | '"' | '#' | '¤' | '%' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | '-' | '.' | '/' | ':'
        | ';' | '<' | '=' | '>' | '?' | '¡' | '¿' | '§' => Some(1),
        'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Æ' | 'æ' | 'ß' | 'É' | 'Ä' | 'Ö' | 'Ñ' | 'Ü' | 'ä' | 'ö' | 'ñ'
        | 'ü' | 'à' => Some(1),
        'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' => Some(1),
        _ => None,
    }
}

/// Counts what a text costs as SMS. Texts beyond 4 thousand million units saturate.
pub fn segments(text: &str) -> Segments {
    let plain = text.chars().all(|character| gsm_septets(character).is_some());
    let (encoding, single, multi) = if plain { (Encoding::Gsm7, 160, 153) } else { (Encoding::Ucs2, 70, 67) };
    let mut characters = 0u32;
    let mut units = 0u32;
    let mut parts = 1u32;
    let mut filled = 0u32;
    for character in text.chars() {
        let width = match encoding {
            Encoding::Gsm7 => gsm_septets(character).unwrap_or(1),
            Encoding::Ucs2 => u32::from(character as u32 > 0xffff) + 1,
        };
        characters = characters.saturating_add(1);
        units = units.saturating_add(width);
        if filled + width > multi {
            parts = parts.saturating_add(1);
            filled = 0;
        }
        filled += width;
    }
    let segments = match units {
        0 => 0,
        units if units <= single => 1,
        _ => parts,
    };
    Segments { encoding, units, segments, characters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, encoding: Encoding, units: u32, expected: u32) {
        let counted = segments(text);
        let label: String = text.chars().take(8).collect();
        assert_eq!(counted.encoding, encoding, "{label}");
        assert_eq!((counted.units, counted.segments), (units, expected), "{label}");
        assert_eq!(counted.characters as usize, text.chars().count(), "{label}");
    }

    #[test]
    fn plain_texts() {
        use Encoding::*;
        check("", Gsm7, 0, 0);
        check("a", Gsm7, 1, 1);
        check(&"a".repeat(160), Gsm7, 160, 1);
        check(&"a".repeat(161), Gsm7, 161, 2);
        check(&"a".repeat(306), Gsm7, 306, 2);
        check(&"a".repeat(307), Gsm7, 307, 3);
        check(&"a".repeat(1600), Gsm7, 1600, 11);
        check(&"é".repeat(70), Gsm7, 70, 1);
        check("\r\n\u{c}", Gsm7, 4, 1);
    }

    #[test]
    fn escape_pairs_are_not_cut() {
        use Encoding::*;
        check(&"€".repeat(80), Gsm7, 160, 1);
        check(&"€".repeat(81), Gsm7, 162, 2);
        check(&"€".repeat(153), Gsm7, 306, 3);
        let (one, more) = ("a".repeat(152), "a".repeat(10));
        check(&format!("{one}€{more}"), Gsm7, 164, 2);
        check(&format!("{one}€{one}"), Gsm7, 306, 3);
    }

    #[test]
    fn foreign_characters_switch_the_whole_text() {
        use Encoding::*;
        check(&"あ".repeat(70), Ucs2, 70, 1);
        check(&"あ".repeat(71), Ucs2, 71, 2);
        check(&"あ".repeat(134), Ucs2, 134, 2);
        check(&"あ".repeat(135), Ucs2, 135, 3);
        check(&"ç".repeat(70), Ucs2, 70, 1);
        check(&"ç".repeat(71), Ucs2, 71, 2);
        check(&"ç".repeat(1600), Ucs2, 1600, 24);
        for foreign in ["`", "\t", "“", "’", "–", "…", "\u{a0}"] {
            check(foreign, Ucs2, 1, 1);
        }
    }

    #[test]
    fn surrogate_pairs_are_not_cut() {
        use Encoding::*;
        check(&"😀".repeat(35), Ucs2, 70, 1);
        check(&"😀".repeat(36), Ucs2, 72, 2);
        check(&format!("{}😀", "a".repeat(159)), Ucs2, 161, 3);
        let head = "あ".repeat(66);
        check(&format!("{head}😀{}", "あ".repeat(10)), Ucs2, 78, 2);
        check(&format!("{head}😀{head}"), Ucs2, 134, 3);
    }
}
