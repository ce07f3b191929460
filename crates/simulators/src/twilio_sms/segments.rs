//! How many parts a text takes on the radio: the published rule, greedy filling, no pair cut in two.

/// The GSM 03.38 basic alphabet without the letters and digits.
const GSM_SIGNS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Signs that take an escape and so cost two places.
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Encoding and number of parts of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Seven-bit alphabet; otherwise sixteen-bit units.
    pub gsm: bool,
    /// Number of parts, at least 1.
    pub count: usize,
}

fn gsm_cost(sign: char) -> Option<usize> {
    if sign.is_ascii_alphanumeric() || GSM_SIGNS.contains(sign) {
        Some(1)
    } else if GSM_EXTENSION.contains(sign) {
        Some(2)
    } else {
        None
    }
}

/// Counts the parts of `text`: 160 places in one or 153 in several (seven-bit), 70 or 67 (sixteen-bit).
#[must_use]
pub fn count(text: &str) -> Segments {
    let gsm = text.chars().all(|sign| gsm_cost(sign).is_some());
    let cost = |sign: char| {
        if gsm { gsm_cost(sign).unwrap_or(1) } else { sign.len_utf16() }
    };
    let (single, several) = if gsm { (160, 153) } else { (70, 67) };
    let total: usize = text.chars().map(cost).sum();
    if total <= single {
        return Segments { gsm, count: 1 };
    }
    let (mut count, mut used) = (1, 0);
    for sign in text.chars() {
        if used + cost(sign) > several {
            count += 1;
            used = 0;
        }
        used += cost(sign);
    }
    Segments { gsm, count }
}

/// What smart encoding puts in place of typographic signs so that a text stays seven-bit.
#[must_use]
pub fn smart_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '‘' | '’' | '‚' | '‛' | '′' => out.push('\''),
            '“' | '”' | '„' | '″' | '«' | '»' => out.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' => out.push('-'),
            '…' => out.push_str("..."),
            '\u{a0}' | '\u{2002}' | '\u{2003}' | '\u{2009}' => out.push(' '),
            '\u{200b}' | '\u{feff}' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_segment_table() {
        let a = |n: usize| "a".repeat(n);
        let ka = |n: usize| "あ".repeat(n);
        let table: Vec<(String, bool, usize)> = vec![
            (a(160), true, 1),
            (a(161), true, 2),
            (a(306), true, 2),
            (a(307), true, 3),
            ("€".repeat(80), true, 1),
            ("€".repeat(81), true, 2),
            (format!("{}€{}", a(152), a(10)), true, 2),
            (format!("{}€{}", a(152), a(152)), true, 3),
            (ka(70), false, 1),
            (ka(71), false, 2),
            (ka(134), false, 2),
            (ka(135), false, 3),
            ("😀".repeat(35), false, 1),
            ("😀".repeat(36), false, 2),
            (format!("{}😀{}", ka(66), ka(10)), false, 2),
            (format!("{}😀{}", ka(66), ka(66)), false, 3),
            (String::new(), true, 1),
        ];
        for (text, gsm, expected) in table {
            assert_eq!(count(&text), Segments { gsm, count: expected }, "{text}");
        }
    }

    #[test]
    fn smart_encoding_keeps_a_text_seven_bit() {
        assert_eq!(smart_encoded("“It’s” – fine…"), "\"It's\" - fine...");
    }
}
