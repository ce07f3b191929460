//! Forms as they travel: pairs in their order, repeated names kept, decoded to bytes and no further.

use std::borrow::Cow;

/// One decoded pair. Bytes, because a signature covers them even where they are not UTF-8.
pub type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// More pairs than this are not read; no vendor sends a tenth of it.
pub const MAX_PAIRS: usize = 2_000;

/// The pairs of `application/x-www-form-urlencoded` bytes or of a query string. A broken escape stands for itself.
pub fn pairs(encoded: &[u8]) -> Vec<Pair<'_>> {
    let many = 1 + encoded.iter().filter(|&&byte| byte == b'&').count();
    let mut pairs = Vec::with_capacity(many.min(MAX_PAIRS));
    let pieces = encoded.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty());
    pairs.extend(pieces.take(MAX_PAIRS).map(|piece| match piece.iter().position(|&byte| byte == b'=') {
        Some(at) => (decode(&piece[..at]), decode(&piece[at + 1..])),
        None => (decode(piece), Cow::Borrowed(&b""[..])),
    }));
    pairs
}

fn decode(encoded: &[u8]) -> Cow<'_, [u8]> {
    if !encoded.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(encoded);
    }
    let digit = |at: usize| encoded.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(&byte) = encoded.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'+', _, _) => decoded.push(b' '),
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 2;
            }
            _ => decoded.push(byte),
        }
        at += 1;
    }
    Cow::Owned(decoded)
}

/// The first value of a name, as text; bytes that are no UTF-8 are replaced.
pub fn first<'a>(pairs: &'a [Pair<'_>], name: &str) -> Option<Cow<'a, str>> {
    let (_, value) = pairs.iter().find(|(own, _)| own.as_ref() == name.as_bytes())?;
    Some(String::from_utf8_lossy(value))
}

/// Encodes pairs for a body or a query string.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
