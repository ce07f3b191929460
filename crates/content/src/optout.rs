//! The words by which a consumer withdraws or gives consent on a medium whose law demands it (SMS above all).
//!
//! This recognises, it decides nothing. In particular YES is also an everyday answer: whether it counts as consent depends
//! on whether the consumer had withdrawn it, which only the use case knows.

/// What a consent word asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentKeyword {
    /// Write to me no more.
    Stop,
    /// Write to me again.
    Start,
    /// Tell me who you are and how I get rid of you.
    Help,
}

/// STOP and what means the same. The two-word forms are not matched by every carrier; obeying them errs on the safe side.
const STOP: [&str; 11] = ["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT", "OPT-OUT"];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];
const HELP: [&str; 2] = ["HELP", "INFO"];

/// Recognises a consent word.
///
/// The word must be the whole message, in any case (of ASCII letters). Around it we drop what phones add by themselves:
/// Unicode white space, zero-width characters and byte order marks, quotation marks, and after it full stops, commas,
/// exclamation marks and ellipses. A question mark is dropped after STOP and HELP only: a "Yes?" gives no consent, whereas
/// a "Stop?" is better obeyed. Anything else beside the word makes it an ordinary message.
pub fn consent_keyword(text: &str) -> Option<ConsentKeyword> {
    // Longer than any word with its trimmings: saves the walk over long messages.
    if text.len() > 200 {
        return None;
    }
    let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let quote = |c: char| matches!(c, '"' | '\'' | '“' | '”' | '‘' | '’' | '«' | '»' | '„');
    let mark = |c: char| matches!(c, '.' | ',' | '!' | '…' | '。' | '！' | '¡');
    let asked = |c: char| matches!(c, '?' | '？');
    let word = text.trim_start_matches(|c| blank(c) || quote(c)).trim_end_matches(|c| blank(c) || quote(c) || mark(c));
    let unasked = word.trim_end_matches(|c| blank(c) || quote(c) || mark(c) || asked(c));
    let any = |list: &[&str], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    if any(&STOP, unasked) {
        Some(ConsentKeyword::Stop)
    } else if any(&HELP, unasked) {
        Some(ConsentKeyword::Help)
    } else if any(&START, word) {
        Some(ConsentKeyword::Start)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_synonym_in_any_dress() {
        for (list, meaning) in [(&STOP[..], ConsentKeyword::Stop), (&START[..], ConsentKeyword::Start), (&HELP[..], ConsentKeyword::Help)] {
            for word in list {
                for text in [
                    (*word).to_owned(),
                    word.to_ascii_lowercase(),
                    format!(" \t{word}.\r\n"),
                    format!("\u{a0}{word}!!\u{3000}"),
                    format!("\u{feff}“{word}”\u{200b}"),
                    format!("{word} …"),
                ] {
                    assert_eq!(consent_keyword(&text), Some(meaning), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_question_is_an_answer_only_where_that_is_safe() {
        assert_eq!(consent_keyword("stop?!"), Some(ConsentKeyword::Stop));
        assert_eq!(consent_keyword("Help?"), Some(ConsentKeyword::Help));
        assert_eq!(consent_keyword("Yes?"), None);
        assert_eq!(consent_keyword("start ?"), None);
    }

    #[test]
    fn words_in_company_are_messages() {
        for text in [
            "",
            " ",
            "…",
            "please stop",
            "STOP it",
            "stopp",
            "yes please",
            "S T O P",
            "stop 2",
            "help me",
            "info@example.test",
            "the end",
            "ＳＴＯＰ",
            "STOP\nSTOP",
        ] {
            assert_eq!(consent_keyword(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,300}") {
            let _ = consent_keyword(&text);
        }
    }
}
