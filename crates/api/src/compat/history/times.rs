//! Times as the history tells them: milliseconds, and the same as text.

use antiphon_domain::Timestamp;
use serde_json::{Map, Value};

/// A time as text, in UTC with milliseconds.
pub(super) fn text(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S%.3f+0000").to_string()
}

/// Adds a time under both its names: `name` and `nameL`.
pub(super) fn put(object: &mut Map<String, Value>, name: &str, at: Timestamp) {
    object.insert(name.to_owned(), text(at).into());
    object.insert(format!("{name}L"), at.0.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_the_millisecond() {
        let check = |ms: i64, expected: &str| assert_eq!(text(Timestamp(ms)), expected);
        check(0, "1970-01-01 00:00:00.000+0000");
        check(1_472_481_064_565, "2016-08-29 14:31:04.565+0000");
        check(1_709_164_800_001, "2024-02-29 00:00:00.001+0000");
    }
}
