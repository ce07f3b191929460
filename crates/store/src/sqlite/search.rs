//! The text index over consumers: trigrams of names and addresses, each row marked with its account.

/// How many characters of a name or address are indexed.
const INDEXED_CHARACTERS: usize = 200;

/// The one trigram that marks an account's rows: three characters of a private area, so that no name contains it.
pub fn scope(account: i64) -> String {
    const FIRST: u32 = 0xF0000;
    let number = account.unsigned_abs();
    (0..3).filter_map(|digit| char::from_u32(FIRST + ((number >> (digit * 12)) & 0xfff) as u32)).collect()
}

/// As much of a text as is indexed.
pub fn indexed(text: &str) -> &str {
    text.char_indices().nth(INDEXED_CHARACTERS).map_or(text, |(end, _)| &text[..end])
}

/// The index query for consumers of an account with a text in their name or address; `None` when the text is too short for trigrams.
pub fn query(account: i64, text: &str) -> Option<String> {
    if text.chars().count() < 3 {
        return None;
    }
    let phrase = text.replace('"', "\"\"");
    Some(format!("scope : \"{}\" AND {{name address}} : \"{phrase}\"", scope(account)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_a_mark_of_its_own() {
        let marks: std::collections::BTreeSet<String> = [1, 2, 4_095, 4_096, 4_097, 1 << 32].into_iter().map(scope).collect();
        assert_eq!(marks.len(), 6);
        assert!(marks.iter().all(|mark| mark.chars().count() == 3));
    }

    #[test]
    fn a_query_can_not_be_broken_out_of() {
        assert_eq!(query(1, "ab"), None);
        let query = query(1, "a\" OR b").unwrap();
        assert!(query.ends_with("{name address} : \"a\"\" OR b\""), "{query}");
    }
}
