//! What holds for every registered connector, and the kit's own pieces.

use super::errors::{self, Class, Row, Sub};
use super::table::{self, NOW, parse};
use super::{adapt, form, http, json, mac, time};
use antiphon_app::channel::{Disposition, Keys, OutboundContent, OutboundFile};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, Signals, TextLimit, Unit};
use antiphon_domain::Timestamp;
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

#[test]
fn every_connector_receives_as_its_table_says() {
    for fixture in crate::list::fixtures() {
        assert!(!fixture.inbound.is_empty());
        table::run_inbound(&fixture);
    }
}

#[test]
fn every_connector_sends_as_its_table_says() {
    for fixture in crate::list::fixtures() {
        assert!(!fixture.outbound.is_empty());
        table::run_outbound(&fixture);
    }
}

#[test]
fn every_connector_is_listed_once_described_and_documented() {
    let all = crate::list::all();
    let mut ids = HashSet::new();
    for channel in &all {
        let kind = channel.describe();
        assert!(ids.insert(kind.id) && kind.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", kind.id);
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/channels/{}.md", kind.id));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for list in [kind.credentials, kind.app_credentials, kind.settings] {
            let mut names = HashSet::new();
            for field in list {
                assert!(names.insert(field.name), "{}: {} twice", kind.id, field.name);
                assert!(field.help.ends_with('.'), "{}: {}: the help is a sentence", kind.id, field.name);
                assert!(page.contains(&format!("`{}`", field.name)), "{}: {} is not in its page", kind.id, field.name);
            }
        }
        let can = channel.capabilities(&Keys::default());
        assert_eq!(can.consent_keywords, kind.consent_keywords);
        assert!(can.text.max > 0 && u64::from(can.caption_max) <= u64::from(can.text.max));
        serde_json::to_string(kind).expect("a description serialises");
    }
    // Every one that has a vendor has its tables.
    let vendors: Vec<_> = all.iter().map(|channel| channel.describe()).filter(|kind| !kind.hosted).map(|kind| kind.id).collect();
    let tables: Vec<_> = crate::list::fixtures().iter().map(|fixture| fixture.channel.describe().id).collect();
    assert_eq!(vendors, tables);
}

#[test]
fn a_channel_without_a_vendor_takes_and_sends_nothing() {
    let request = table::request(::http::Method::POST, "https://h.example.test/x", Some("application/json"), "{}");
    for channel in crate::list::all().into_iter().filter(|channel| channel.describe().hosted) {
        let (kind, keys) = (channel.describe(), Keys::default());
        assert!(channel.verify(&request, &keys).is_err() && channel.handshake(&request, &keys).is_none(), "{}", kind.id);
        let adapted = channel.adapt(&OutboundContent::Text("hi".into()), &channel.capabilities(&keys));
        assert!(adapted.parts.is_empty() && adapted.losses.is_empty(), "{}", kind.id);
        let facets = (channel.signals().is_some(), channel.media().is_some(), channel.profiles().is_some(), channel.lookup().is_some());
        assert_eq!(facets, (false, false, false, false), "{}", kind.id);
        assert!(kind.credentials.is_empty() && kind.app_credentials.is_empty(), "{}: there is nobody to sign in at", kind.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_parser_survives_arbitrary_bytes(body in proptest::collection::vec(any::<u8>(), 0..400), header in "[ -~]{0,100}") {
        for fixture in crate::list::fixtures() {
            for content_type in [None, Some("application/json"), Some("application/x-www-form-urlencoded")] {
                let mut request = table::request(::http::Method::POST, "https://h.example.test/x?bodySHA256=00", content_type, "");
                request.body = Bytes::from(body.clone());
                let _ = parse(&fixture, &request);
                let request = table::with_header(&request, fixture.signature, Some(&header));
                prop_assert!(fixture.channel.verify(&request, &fixture.keys).is_err());
            }
            let mut request = table::request(::http::Method::GET, "https://h.example.test/x", None, "");
            request.query = String::from_utf8_lossy(&body).into_owned();
            let _ = parse(&fixture, &request);
            let _ = fixture.channel.handshake(&request, &fixture.keys);
        }
    }

    #[test]
    fn every_parser_survives_damaged_webhooks(which in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for fixture in crate::list::fixtures() {
            let mut request = fixture.inbound[which.index(fixture.inbound.len())].request.clone();
            if request.body.is_empty() {
                continue;
            }
            let at = cut.index(request.body.len());
            let mut damaged = request.body.to_vec();
            damaged[at] = byte;
            request.body = damaged.into();
            let _ = parse(&fixture, &request);
            request.body = request.body.slice(..at);
            prop_assert!(parse(&fixture, &request).len() <= 1_000);
        }
    }

    #[test]
    fn every_connector_splits_within_its_limit(text in "(\\PC|[a-z ]){0,3000}") {
        for fixture in crate::list::fixtures() {
            let can = fixture.channel.capabilities(&fixture.keys);
            for payload in fixture.channel.adapt(&OutboundContent::Text(text.as_str().into()), &can).parts {
                let part = adapt::Part::read(&payload).expect("the connectors of today use the kit's parts");
                prop_assert!(!part.text.trim().is_empty());
                prop_assert!(antiphon_content::measure(&part.text, can.text.unit) <= can.text.max as usize);
            }
        }
    }

    #[test]
    fn forms_read_back_what_was_written(pairs in proptest::collection::vec(("\\PC{0,10}", "\\PC{0,20}"), 0..20)) {
        let encoded = form::encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let decoded: Vec<(String, String)> = form::pairs(encoded.as_bytes())
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        prop_assert_eq!(decoded, pairs);
    }
}

#[test]
fn forms_keep_order_repeats_and_bytes() {
    let pairs = form::pairs(b"a=1&b=%ff+x&a=2&&c&d=%zz&=e&f=%2");
    let seen: Vec<(&[u8], &[u8])> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    let expected: [(&[u8], &[u8]); 7] =
        [(b"a", b"1"), (b"b", b"\xff x"), (b"a", b"2"), (b"c", b""), (b"d", b"%zz"), (b"", b"e"), (b"f", b"%2")];
    assert_eq!(seen, expected);
    assert_eq!(form::first(&pairs, "b").as_deref(), Some("\u{fffd} x"));
}

#[test]
fn halves_of_surrogate_pairs_are_mended() {
    let read = |text: &str| json::read(text.as_bytes()).map(|value| value[0].as_str().unwrap_or_default().to_owned());
    assert_eq!(read(r#"["\ud83d\ude00"]"#).as_deref(), Ok("😀"));
    assert_eq!(read(r#"["a\ud83d"]"#).as_deref(), Ok("a\u{fffd}"));
    assert_eq!(read(r#"["\ude00b\ud83dc"]"#).as_deref(), Ok("\u{fffd}b\u{fffd}c"));
    assert_eq!(read(r#"["\ud83d\ud83d\ude00"]"#).as_deref(), Ok("\u{fffd}😀"));
    assert_eq!(read(r#"["\\ud83d"]"#).as_deref(), Ok("\\ud83d"));
    assert_eq!(read("[").unwrap_err(), "The body is not JSON: it ends too early (line 1, column 1).");
    assert!(read(r#"["\ud83d" secret"#).is_err_and(|reason| !reason.contains("secret")));
    assert!(json::read("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn numbers_come_as_texts_and_texts_as_numbers() {
    let value = serde_json::json!({"a": 5, "b": "5", "c": "", "d": 2.5, "e": "2.5", "f": [], "g": "x"});
    assert_eq!(json::text(&value["a"]).as_deref(), Some("5"));
    assert_eq!(json::text(&value["c"]), None);
    assert_eq!((json::integer(&value["a"]), json::integer(&value["b"]), json::integer(&value["g"])), (Some(5), Some(5), None));
    assert_eq!((json::float(&value["d"]), json::float(&value["e"]), json::float(&value["f"])), (Some(2.5), Some(2.5), None));
}

#[test]
fn days_are_written_as_vendors_read_them() {
    for (at, day) in [
        (0, "1970-01-01"),
        (1_767_225_600_000, "2026-01-01"),
        (1_767_225_599_999, "2025-12-31"),
        (1_709_164_800_000, "2024-02-29"),
        (1_740_787_200_000, "2025-03-01"),
        (951_782_400_000, "2000-02-29"),
        (4_107_542_399_000, "2100-02-28"),
    ] {
        assert_eq!(time::date(Timestamp(at)), day);
        let midnight = time::iso8601(&format!("{day}T00:00:00Z")).expect("a time");
        assert_eq!(midnight.0, at.div_euclid(86_400_000) * 86_400_000, "{day}");
    }
}

#[test]
fn times_of_vendors() {
    assert_eq!(time::rfc2822("Thu, 01 Jan 2026 00:00:00 +0000"), Some(NOW));
    assert_eq!(time::rfc2822("Thu, 01 Jan 2026 01:30:00 +0130"), Some(NOW));
    assert_eq!(time::rfc2822("01 Jan 2026 00:00:00 GMT"), Some(NOW));
    assert_eq!(time::rfc2822("Thu, 29 Feb 2024 12:00:00 GMT"), Some(Timestamp(1_709_208_000_000)));
    assert_eq!(time::iso8601("2026-01-01T00:00:00+0000"), Some(NOW));
    assert_eq!(time::iso8601("2025-12-31T23:00:00.123-01:00"), Some(NOW));
    assert_eq!(time::iso8601("2026-01-01T00:00:00Z"), Some(NOW));
    for bad in [
        "",
        "2026",
        "2026-01-01",
        "Thu, 32 Jan 2026 00:00:00 GMT",
        "Thu, 01 Foo 2026 00:00:00 GMT",
        "Thu, 01 Jan 2026 25:00:00 GMT",
        "é, é é é é",
    ] {
        assert_eq!((time::rfc2822(bad), time::iso8601(bad)), (None, None), "{bad}");
    }
    assert_eq!(time::millis_or_seconds(1_767_225_600), NOW);
    assert_eq!(time::millis_or_seconds(1_767_225_600_000), NOW);
    assert_eq!(time::retry_after("7", NOW), Some(7_000));
    assert_eq!(time::retry_after("0.5", NOW), Some(500));
    assert_eq!(time::retry_after("Thu, 01 Jan 2026 00:01:00 GMT", NOW), Some(60_000));
    assert_eq!(time::retry_after("Thu, 01 Jan 2015 00:01:00 GMT", NOW), Some(0));
    assert_eq!(time::retry_after("99999999999", NOW), Some(24 * 3600 * 1000));
    assert_eq!((time::retry_after("-1", NOW), time::retry_after("soon", NOW), time::retry_after("NaN", NOW)), (None, None, None));
}

#[test]
fn comparison_needs_every_byte() {
    assert!(mac::equal(b"abc", b"abc"));
    assert!(!mac::equal(b"abc", b"abd") && !mac::equal(b"abc", b"ab") && !mac::equal(b"", b"a"));
}

#[test]
fn an_exact_row_goes_before_a_general_one() {
    const fn row(codes: &'static [(i64, Sub)], reason: &'static str) -> Row {
        Row { codes, class: Class::Throttle(Some(5)), reason, message: "m", remedy: "r" }
    }
    static TABLE: &[Row] = &[row(&[(1, Sub::Any)], "any"), row(&[(1, Sub::Absent)], "absent"), row(&[(1, Sub::Is(2))], "two")];
    let reason = |code, sub| errors::find(TABLE, code, sub).map(|row| row.reason);
    assert_eq!(reason(1, Some(2)), Some("two"));
    assert_eq!(reason(1, Some(3)), Some("any"));
    assert_eq!(reason(1, None), Some("absent"));
    assert_eq!(reason(2, None), None);
    let row = errors::find(TABLE, 1, None).expect("a row");
    assert_eq!(row.error("1", None).disposition, Disposition::Throttled { after_ms: Some(5) });
    assert_eq!(row.error("1", Some(9)).disposition, Disposition::Throttled { after_ms: Some(9) });
}

fn can(types: Vec<MediaRule>, caption_max: u32) -> Capabilities {
    Capabilities {
        text: TextLimit { max: 500, unit: Unit::Codepoint, segments: false },
        caption_max,
        structured: Default::default(),
        media: MediaLimits { types, max_bytes: 1_000, max_per_message: 1 },
        signals: Signals::default(),
        window: None,
        consent_keywords: false,
        native_messages: false,
    }
}

fn file(content_type: &str, size: u64, caption: &str) -> OutboundContent {
    OutboundContent::File {
        path: "/f".into(),
        content_type: content_type.into(),
        name: Some("a.png".into()),
        size,
        caption: caption.into(),
    }
}

#[test]
fn files_go_as_media_or_as_links() {
    let all = || vec![MediaRule::new("image/*", 100)];
    let check = |content: &OutboundContent, can: &Capabilities, parts: &[&str], losses: usize| {
        let adapted = adapt::parts(content, can);
        assert_eq!(adapted.parts, parts);
        assert_eq!(adapted.losses.len(), losses);
    };
    check(&file("image/png", 9, ""), &can(all(), 0), &[r#"{"file":"media"}"#], 0);
    check(&file("image/png", 9, "hi"), &can(all(), 0), &[r#"{"file":"media"}"#, r#"{"text":"hi"}"#], 0);
    check(&file("image/png", 9, "hi"), &can(all(), 500), &[r#"{"text":"hi","file":"media"}"#], 0);
    check(&file("image/png", 101, "hi"), &can(all(), 0), &[r#"{"text":"hi","file":"link"}"#], 1);
    check(&file("video/mp4", 9, ""), &can(all(), 0), &[r#"{"file":"link"}"#], 1);
    let long = "x".repeat(200);
    check(&file("video/mp4", 9, &long), &can(all(), 0), &[&format!(r#"{{"text":"{long}"}}"#), r#"{"file":"link"}"#], 1);
    check(&OutboundContent::Text(Arc::from(" ")), &can(all(), 0), &[], 0);
    let file = OutboundFile {
        url: "https://f".to_owned(),
        content_type: String::new(),
        name: "a\nb".to_owned(),
        bytes: Bytes::new(),
        thumbnail_url: None,
    };
    assert_eq!(adapt::with_link("text", &file), "text\nab: https://f");
}

#[test]
fn multipart_bodies_hold_their_parts_apart() {
    let part = |name, bytes| http::FormPart { name, file_name: None, content_type: None, bytes };
    let (content_type, body) = http::multipart("7", &[part("a", b"1"), part("b", b"--part-7")]);
    assert_eq!(content_type, "multipart/form-data; boundary=part-7x");
    let expected = "--part-7x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--part-7x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n--part-7\r\n--part-7x--\r\n";
    assert_eq!(String::from_utf8_lossy(&body), expected);
    let sly = http::FormPart { name: "f", file_name: Some("a\"\r\nX: y"), content_type: Some("t/t"), bytes: b"" };
    let (_, body) = http::multipart("7", &[sly]);
    assert!(String::from_utf8_lossy(&body).contains("filename=\"a___X: y\"\r\nContent-Type: t/t\r\n\r\n"));
}

#[test]
fn file_names_have_no_path() {
    let name = |value: &'static str| {
        let mut headers = ::http::HeaderMap::new();
        headers.insert("content-disposition", ::http::HeaderValue::from_static(value));
        http::file_name(&headers)
    };
    assert_eq!(name("attachment; filename=\"a b.pdf\"").as_deref(), Some("a b.pdf"));
    assert_eq!(name("inline; FileName=../../x.png").as_deref(), Some("x.png"));
    assert_eq!(name("attachment; filename=\"..\\\\..\""), None);
    assert_eq!((name("inline"), name("attachment; filename=")), (None, None));
}
