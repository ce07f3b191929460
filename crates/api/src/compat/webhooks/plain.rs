//! Makes stored JSON plain: what a receiver gets who parses it and writes it again, as the usual scripting engines do.
//!
//! No blanks, no escapes but for control characters, whole numbers without point or exponent, keys that look like an index first.
//! Whole numbers that such an engine can't hold exactly stay as they are: no receiver is worth a changed value.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// The same JSON, plain; `None` for damaged text.
pub(super) fn plain(json: &str) -> Option<Box<RawValue>> {
    let mut text = String::with_capacity(json.len());
    write_value(json.trim(), &mut text)?;
    RawValue::from_string(text).ok()
}

/// An object's members in the order of their first appearance, each with its last value.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    match members.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, before)) => *before = value,
                        None => members.push((name, value)),
                    }
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(InOrder)
    }
}

fn write_value(json: &str, to: &mut String) -> Option<()> {
    match json.bytes().next()? {
        b'{' => {
            let Members(mut members) = serde_json::from_str(json).ok()?;
            members.sort_by_key(|(name, _)| (index_of(name).is_none(), index_of(name)));
            to.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_text(&name, to);
                to.push(':');
                write_value(value.get(), to)?;
            }
            to.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            to.push('[');
            for (at, item) in items.into_iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_value(item.get(), to)?;
            }
            to.push(']');
        }
        b'"' => write_text(&serde_json::from_str::<String>(json).ok()?, to),
        b't' | b'f' | b'n' => to.push_str(json),
        _ => write_number(json, to)?,
    }
    Some(())
}

/// A key that is an index of an array: such keys come first, in their numbers' order.
fn index_of(name: &str) -> Option<u32> {
    let number: u32 = name.parse().ok()?;
    (number != u32::MAX && number.to_string() == name).then_some(number)
}

fn write_text(text: &str, to: &mut String) {
    // A text always serialises.
    to.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn write_number(json: &str, to: &mut String) -> Option<()> {
    let whole = !json.contains(['.', 'e', 'E']);
    if whole {
        to.push_str(if json == "-0" { "0" } else { json });
        return Some(());
    }
    let value: f64 = json.parse().ok().filter(|value: &f64| value.is_finite())?;
    if value == 0.0 {
        to.push('0');
    } else if (1e-6..1e21).contains(&value.abs()) {
        // The shortest digits that read back as the same number, never with an exponent.
        let _ = write!(to, "{value}");
    } else {
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                let _ = write!(to, "{digits}e+{exponent}");
            }
            _ => to.push_str(&text),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        assert_eq!(plain(json).expect("good JSON").get(), expected);
    }

    #[test]
    fn blanks_and_escapes_go() {
        check(" { \"b\" : [ 1 , true , null ] , \"a\" : \"x\" } ", r#"{"b":[1,true,null],"a":"x"}"#);
        check(r#""hi \ud83d\ude00 \u00fc \u002f \/ \" \\ \n \u0001 \u007f""#, "\"hi 😀 ü / / \\\" \\\\ \\n \\u0001 \u{7f}\"");
        check(r#"{"a":1,"b":0,"a":2}"#, r#"{"a":2,"b":0}"#);
        for damaged in ["", "{", "[1", "\"x", "nonsense", "{\"a\":}", "1e999"] {
            assert!(plain(damaged).is_none(), "{damaged}");
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for (json, expected) in [
            ("1.0", "1"),
            ("-1.50", "-1.5"),
            ("1e3", "1000"),
            ("-0.0", "0"),
            ("-0", "0"),
            ("0.1", "0.1"),
            ("52.520008", "52.520008"),
            ("1e-7", "1e-7"),
            ("0.0000015", "0.0000015"),
            ("1.5e-9", "1.5e-9"),
            ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"),
            ("1.2345678901234568e20", "123456789012345680000"),
            ("1700000000000", "1700000000000"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            check(json, expected);
        }
    }

    #[test]
    fn keys_that_look_like_an_index_come_first() {
        check(r#"{"b":0,"10":1,"9":2,"01":3,"a":4,"4294967295":5}"#, r#"{"9":2,"10":1,"b":0,"01":3,"a":4,"4294967295":5}"#);
    }
}
