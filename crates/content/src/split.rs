//! Long text into messages that fit.
//!
//! A cut falls at the end of a paragraph, else of a line, else of a sentence, else between words, and only if there is nothing
//! of that kind, anywhere; but never inside a grapheme cluster, a web or e-mail address or a phone number that would fit whole.
//! The splitter adds nothing (no counters) and loses nothing but white space at the cuts.

use crate::capabilities::Unit;
use crate::segments::gsm_septets;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The size of a text in a unit.
///
/// For [`Unit::Gsm`] a text of the GSM alphabet counts septets. Any other text is sent in UTF-16, whose units are counted as
/// the septets they displace (160 for 70), so that one limit holds for both.
pub fn measure(text: &str, unit: Unit) -> usize {
    let mut meter = Meter::new(unit);
    text.chars().for_each(|character| meter.add(character));
    meter.size()
}

/// Measures a text that grows at its end. The size never shrinks.
#[derive(Clone, Copy)]
struct Meter {
    unit: Unit,
    counted: usize,
    utf16: usize,
    foreign: bool,
}

impl Meter {
    fn new(unit: Unit) -> Self {
        Self { unit, counted: 0, utf16: 0, foreign: false }
    }

    fn add(&mut self, character: char) {
        self.counted += match self.unit {
            Unit::Codepoint => 1,
            Unit::Utf16 => character.len_utf16(),
            Unit::Utf8 => character.len_utf8(),
            Unit::Gsm => {
                self.utf16 += character.len_utf16();
                match gsm_septets(character) {
                    Some(septets) => septets as usize,
                    None => {
                        self.foreign = true;
                        0
                    }
                }
            }
        };
    }

    fn size(&self) -> usize {
        if self.foreign { self.utf16 * 160 / 70 } else { self.counted }
    }
}

/// Splits a text into parts of at most `max` units.
///
/// - CRLF becomes LF first. A text that fits stays as it is.
/// - No part is empty; a text of nothing but white space gives no part at all.
/// - The parts in order are the text, but for white space at the cuts.
/// - A grapheme cluster larger than `max` is cut between characters, and a character larger than `max` makes a part of its own,
///   because it has to go somewhere.
pub fn split(text: &str, max: usize, unit: Unit) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let tokens = tokens(&text);
    let mut parts = Vec::new();
    let mut start = if text.trim().is_empty() { text.len() } else { 0 };
    while start < text.len() {
        let end = next_cut(&text, start, max, unit, &tokens);
        let part = if end == text.len() { &text[start..] } else { text[start..end].trim_end() };
        if !part.trim().is_empty() {
            parts.push(part.to_owned());
        }
        start = text.len() - text[end..].trim_start().len();
    }
    parts
}

/// The same where the channel formats what stands between two of certain marks: a span that a cut parts is closed before it and opened
/// again behind it.
pub fn split_marked(text: &str, max: usize, unit: Unit, marks: &[char]) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let spans = spans(&text, marks);
    let reserve = 2 * marks.len();
    if spans.is_empty() || measure(&text, unit) <= max || reserve >= max {
        return split(&text, max, unit);
    }
    let mut at = 0;
    let mut open: Vec<char> = Vec::new();
    let marked = |part: String| {
        at += text[at..].find(&part).unwrap_or_default();
        let opened: String = open.iter().collect();
        // The mark that closes a span just behind the cut closes it before; what was opened for it alone goes.
        let end = at + part.len();
        open = spans.iter().filter(|(span, _)| span.start < end && end < span.end).map(|(_, mark)| *mark).collect();
        let closed: String = open.iter().rev().collect();
        at = end;
        format!("{opened}{part}{closed}")
    };
    split(&text, max - reserve, unit).into_iter().map(marked).collect()
}

/// What stands between two marks, the marks included: a word or more on one line, with nothing of a word outside.
fn spans(text: &str, marks: &[char]) -> Vec<(Range<usize>, char)> {
    let mut found = Vec::new();
    for mark in marks {
        let mut begun: Option<usize> = None;
        let mut before = ' ';
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let after = letters.peek().map_or(' ', |(_, next)| *next);
            match begun {
                _ if letter == '\n' => begun = None,
                None if letter == *mark && !before.is_alphanumeric() && !after.is_whitespace() && after != *mark => begun = Some(at),
                Some(start) if letter == *mark && !before.is_whitespace() && !after.is_alphanumeric() => {
                    found.push((start..at + letter.len_utf8(), *mark));
                    begun = None;
                }
                _ => {}
            }
            before = letter;
        }
    }
    found.sort_by_key(|(span, _)| span.start);
    found
}

/// Where the part that begins at `start` ends: always beyond `start`.
fn next_cut(text: &str, start: usize, max: usize, unit: Unit, tokens: &[Range<usize>]) -> usize {
    let window = Window::fill(text, start, max, unit);
    if window.end == text.len() {
        return window.end;
    }
    let cut = window.best_cut(text);
    // A token that fits whole is not cut; the remains of one that doesn't are.
    let inside = tokens.iter().find(|token| token.start < cut && cut < token.end && start <= token.start);
    match inside {
        Some(token) if measure(&text[token.clone()], unit) <= max => {
            if !text[start..token.start].trim().is_empty() {
                token.start
            } else if token.end <= window.end {
                token.end
            } else {
                window.end
            }
        }
        _ => cut,
    }
}

/// The longest run of whole grapheme clusters that fits.
struct Window {
    start: usize,
    end: usize,
    /// The least offset at which half of the limit is used.
    half: usize,
}

impl Window {
    fn fill(text: &str, start: usize, max: usize, unit: Unit) -> Self {
        let mut meter = Meter::new(unit);
        let mut window = Self { start, end: start, half: usize::MAX };
        for cluster in text[start..].graphemes(true) {
            let mut longer = meter;
            cluster.chars().for_each(|character| longer.add(character));
            if longer.size() > max {
                break;
            }
            meter = longer;
            window.end += cluster.len();
            if window.half == usize::MAX && meter.size() * 2 >= max {
                window.half = window.end;
            }
        }
        if window.end == start {
            // Not even one cluster fits: as many of its characters as do, and at least one.
            for character in text[start..].chars() {
                meter.add(character);
                if meter.size() > max && window.end > start {
                    break;
                }
                window.end += character.len_utf8();
            }
        }
        window
    }

    /// The last place of the best kind, in `start < cut <= end`.
    fn best_cut(&self, text: &str) -> usize {
        let (mut paragraph, mut line, mut sentence, mut blank) = (None, None, None, None);
        let mut stopped = false;
        let mut offset = self.start;
        for cluster in text[self.start..].graphemes(true) {
            if offset > self.end {
                break;
            }
            if offset > self.start {
                let space = cluster.chars().all(breaks);
                if space {
                    blank = Some(offset);
                }
                if cluster == "\n" {
                    line = Some(offset);
                    let below = text[offset + 1..].trim_start_matches([' ', '\t']);
                    if below.starts_with('\n') {
                        paragraph = Some(offset);
                    }
                }
                if stopped && space {
                    sentence = Some(offset);
                }
            }
            let after = offset + cluster.len();
            stopped = match cluster {
                "." | "!" | "?" | "…" => true,
                // Closing marks belong to the sentence before them.
                "\"" | "'" | ")" | "]" | "»" | "”" | "’" => stopped,
                _ => false,
            };
            // These end a sentence without a space behind them.
            if matches!(cluster, "。" | "！" | "？") && after <= self.end {
                let closes = text[after..].starts_with(['」', '』', '）', '”', '’']);
                if !closes {
                    sentence = Some(after);
                }
            }
            offset = after;
        }
        let good = |cut: &usize| *cut >= self.half;
        paragraph
            .filter(good)
            .or(line.filter(good))
            .or(sentence.filter(good))
            .or(blank.filter(|&cut| !text[self.start..cut].trim().is_empty()))
            .unwrap_or(self.end)
    }
}

/// White space at which a line may be broken.
fn breaks(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\u{a0}' | '\u{202f}' | '\u{2007}')
}

/// The places of web addresses, e-mail addresses and phone numbers, ascending and apart.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // Addresses contain no white space: look inside the words.
    let mut offset = 0;
    for word in text.split_inclusive(|c: char| c.is_whitespace() || "<>\"“”。！？，、；：（）「」『』".contains(c)) {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || "<>\"“”。！？，、；：（）「」『』.,;:!?)]'".contains(c));
        let scheme = bare.find("://").map(|colon| {
            let head = &bare[..colon];
            colon - head.chars().rev().take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)).count()
        });
        let begin = scheme.or_else(|| bare.find("www.")).or_else(|| {
            let at = bare.find('@')?;
            let user = bare[..at].chars().rev().take_while(|c| c.is_ascii_alphanumeric() || "._%+-".contains(*c)).count();
            (user > 0 && bare[at..].contains('.')).then_some(at - user)
        });
        if let Some(begin) = begin {
            found.push(offset + begin..offset + bare.len());
        }
        offset += word.len();
    }
    for number in phone_numbers(text) {
        if !found.iter().any(|other| other.start < number.end && number.start < other.end) {
            found.push(number);
        }
    }
    found.sort_by_key(|token| token.start);
    found
}

/// Runs of 7 to 15 digits with the separators people write between them.
fn phone_numbers(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run: Option<(usize, usize, u32)> = None;
    let mut gap = 0;
    let mut close = |run: &mut Option<(usize, usize, u32)>| {
        if let Some((start, end, digits)) = run.take()
            && (7..=15).contains(&digits)
        {
            found.push(start..end);
        }
    };
    for (offset, character) in text.char_indices() {
        let end = offset + character.len_utf8();
        match (character, &mut run) {
            ('0'..='9', Some((_, last, digits))) => {
                *last = end;
                *digits += 1;
                gap = 0;
            }
            ('0'..='9', None) => run = Some((offset, end, 1)),
            ('+', _) => {
                close(&mut run);
                run = Some((offset, end, 0));
                gap = 0;
            }
            // Two separators in a row are common (") "), three are not.
            (' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}', Some(_)) if gap < 2 => gap += 1,
            _ => {
                close(&mut run);
                gap = 0;
            }
        }
    }
    close(&mut run);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, max: usize, expected: &[&str]) {
        assert_eq!(split(text, max, Unit::Codepoint), expected, "{text:?}");
    }

    #[test]
    fn what_fits_stays_whole() {
        check("", 10, &[]);
        check(" \n\t", 10, &[]);
        check(" \n\t", 1, &[]);
        check("  hello ", 10, &["  hello "]);
        check("hello", 5, &["hello"]);
        check("a\r\nb", 10, &["a\nb"]);
    }

    #[test]
    fn the_best_place_wins() {
        check("One two.\nThree.\n\nFour five six", 25, &["One two.\nThree.", "Four five six"]);
        check("One two.\nThree four five six", 16, &["One two.", "Three four five", "six"]);
        check("One two three. Four five six", 20, &["One two three.", "Four five six"]);
        check("She said \"no.\" Then left", 18, &["She said \"no.\"", "Then left"]);
        check("One two three four", 9, &["One two", "three", "four"]);
        check("hello world", 5, &["hello", "world"]);
        check("a hello world", 7, &["a hello", "world"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("これは文です。次の文です。", 10, &["これは文です。", "次の文です。"]);
        // A break that leaves less than half of the limit used is passed over.
        check("A.\n\nBbb ccc ddd eee fff", 20, &["A.\n\nBbb ccc ddd eee", "fff"]);
    }

    #[test]
    fn white_space_at_the_cuts_goes() {
        check("abc     def", 4, &["abc", "def"]);
        check("          abcdef", 4, &["abcd", "ef"]);
        check("abc          ", 4, &["abc"]);
        // A space that forbids breaking is no place to break.
        check("price 10\u{a0}000 now", 10, &["price", "10\u{a0}000 now"]);
    }

    #[test]
    fn clusters_stay_whole_unless_too_large() {
        let family = "👩‍👩‍👧‍👦";
        assert_eq!(split(&family.repeat(3), 10, Unit::Codepoint), [family, family, family]);
        assert_eq!(split("e\u{301}e\u{301}", 3, Unit::Codepoint), ["e\u{301}", "e\u{301}"]);
        assert_eq!(split("🇩🇪🇫🇷", 3, Unit::Codepoint), ["🇩🇪", "🇫🇷"]);
        assert_eq!(split("e\u{301}\u{302}x", 2, Unit::Codepoint), ["e\u{301}", "\u{302}x"]);
        assert_eq!(split("😀😀", 1, Unit::Utf8), ["😀", "😀"]);
        assert_eq!(split("ab", 0, Unit::Codepoint), ["a", "b"]);
    }

    #[test]
    fn spans_are_closed_and_opened_again() {
        let text = format!("So *{}* it is", "bold word ".repeat(5).trim_end());
        let parts = split_marked(&text, 30, Unit::Codepoint, &['*', '_']);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.matches('*').count() % 2 == 0 && part.chars().count() <= 30), "{parts:?}");
        assert!(parts[1].starts_with('*'), "{parts:?}");
        assert_eq!(split_marked("2*3*4 and snake_case_name", 10, Unit::Codepoint, &['*', '_']), ["2*3*4 and", "snake_case", "_name"]);
        assert_eq!(split_marked("*a*", 10, Unit::Codepoint, &['*']), ["*a*"]);
    }

    #[test]
    fn units_differ() {
        assert_eq!(split("😀😀😀", 4, Unit::Utf16), ["😀😀", "😀"]);
        assert_eq!(split("ééé", 4, Unit::Utf8), ["éé", "é"]);
        assert_eq!(split("€€€", 4, Unit::Gsm), ["€€", "€"]);
        assert_eq!(measure(&"ç".repeat(70), Unit::Gsm), 160);
        assert_eq!(measure(&"ç".repeat(67), Unit::Gsm), 153);
        assert_eq!(measure(&"a".repeat(160), Unit::Gsm), 160);
    }

    #[test]
    fn addresses_and_numbers_stay_whole() {
        check("见见https://e.test/abcd。好", 20, &["见见", "https://e.test/abcd。", "好"]);
        check("见见见见www.e.test/a，好", 13, &["见见见见", "www.e.test/a，", "好"]);
        check("call +49 170 1234567 now", 18, &["call", "+49 170 1234567", "now"]);
        check("+49 170 1234567 and on", 16, &["+49 170 1234567", "and on"]);
        check("xxxxxx，a.b@example.test，y", 20, &["xxxxxx，", "a.b@example.test，y"]);
        // One that can't fit is cut like anything else.
        check("https://e.test/1234567890", 10, &["https://e.", "test/12345", "67890"]);
    }

    #[test]
    fn a_long_message_at_the_default_limits() {
        let sentence = "The quick brown fox jumps over the lazy dog. ";
        let text = sentence.repeat(112);
        assert!(text.chars().count() > 5000);
        for max in [640, 1600] {
            let parts = split(&text, max, Unit::Codepoint);
            assert!(
                parts.iter().all(|part| part.chars().count() <= max && part.ends_with("dog."))
                    || parts.last().is_some_and(|part| part.ends_with(' '))
            );
            assert_eq!(parts.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            "[a-zA-Zäé]{1,12}",
            "[ \n.!?,]{1,3}",
            Just("\r\n".to_owned()),
            Just("\n\n".to_owned()),
            Just("👩‍👩‍👧‍👦".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("€ç😀".to_owned()),
            Just("次の文。".to_owned()),
            Just(" https://example.test/a/b?c=d ".to_owned()),
            Just(" +49 170 1234567 ".to_owned()),
            Just(" ann@example.test ".to_owned()),
            "\\PC{0,5}",
        ];
        proptest::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
    }

    fn units() -> impl Strategy<Value = Unit> {
        prop_oneof![Just(Unit::Codepoint), Just(Unit::Utf16), Just(Unit::Utf8), Just(Unit::Gsm)]
    }

    proptest! {
        #[test]
        fn the_parts_in_order_are_the_text(text in texts(), max in 0usize..120, unit in units()) {
            let normal = text.replace("\r\n", "\n");
            let mut rest = normal.as_str();
            for part in split(&text, max, unit) {
                prop_assert!(!part.trim().is_empty());
                prop_assert!(measure(&part, unit) <= max || part.chars().count() == 1);
                let at = rest.find(&part);
                prop_assert!(at.is_some_and(|at| rest[..at].trim().is_empty()), "{part:?} in {rest:?}");
                rest = &rest[at.unwrap_or(0) + part.len()..];
            }
            prop_assert!(rest.trim().is_empty(), "left: {rest:?}");
        }

        #[test]
        fn no_cluster_and_no_token_that_fits_is_cut(text in texts(), max in 40usize..120, unit in prop_oneof![Just(Unit::Codepoint), Just(Unit::Utf16)]) {
            let normal = text.replace("\r\n", "\n");
            let clusters: std::collections::HashSet<usize> =
                normal.grapheme_indices(true).map(|(offset, _)| offset).chain([normal.len()]).collect();
            let tokens = tokens(&normal);
            let mut offset = 0;
            for part in split(&text, max, unit) {
                let start = offset + normal[offset..].find(&part).unwrap_or(0);
                offset = start + part.len();
                prop_assert!(clusters.contains(&offset), "{part:?}");
                let cut = tokens.iter().find(|token| token.start < offset && offset < token.end && measure(&normal[(*token).clone()], unit) <= max);
                prop_assert!(cut.is_none(), "{part:?}");
            }
        }
    }
}
