//! JSON as vendors write it: unknown members are passed over, numbers may come as texts and texts as numbers.

use serde_json::Value;

/// Reads a document.
///
/// Half a surrogate pair (a cut emoji) in one message would make the whole batch unreadable; such halves are replaced
/// by U+FFFD and reading is tried once more.
///
/// # Errors
/// A sentence that says what is wrong and where, without quoting the document.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).or_else(|error| {
        let mended = mend_surrogates(bytes).ok_or_else(|| describe(&error))?;
        serde_json::from_slice(&mended).map_err(|error| describe(&error))
    })
}

fn describe(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it is not well-formed",
    };
    format!("The body is not JSON: {kind} (line {}, column {}).", error.line(), error.column())
}

/// The document with each unpaired `\uD800`–`\uDFFF` escape replaced; nothing if there is none.
fn mend_surrogates(bytes: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut mended = Vec::with_capacity(bytes.len());
    let mut changed = false;
    let mut at = 0;
    while at < bytes.len() {
        let step = match (bytes[at], unit(at), unit(at + 6)) {
            (b'\\', Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (b'\\', Some(0xd800..=0xdfff), _) => {
                mended.extend_from_slice(b"\\ufffd");
                changed = true;
                at += 6;
                continue;
            }
            // An escaped backslash is not the start of another escape.
            (b'\\', None, _) => 2,
            _ => 1,
        };
        let end = (at + step).min(bytes.len());
        mended.extend_from_slice(&bytes[at..end]);
        at = end;
    }
    changed.then_some(mended)
}

/// A text, or a number as its text; empty texts count as absent.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, or a text that is one.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number, or a text that is one.
pub fn float(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}
