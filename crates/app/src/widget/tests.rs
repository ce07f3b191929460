//! What an administrator may set, and which pages that lets in.

use super::*;
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{SourceId, Timestamp};

fn source(settings: &[(&str, &str)]) -> Source {
    Source {
        id: SourceId(1),
        channel: "web".to_owned(),
        name: "Shop".to_owned(),
        address: "shop".to_owned(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: Default::default(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: Timestamp(0) },
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

#[test]
fn only_listed_pages_may_show_it() {
    #[track_caller]
    fn check(listed: &str, asking: &str, allowed: bool) {
        assert_eq!(Widget::of(&source(&[("allowed_origins", listed)])).allows(asking), allowed, "{listed} {asking}");
    }
    check("", "https://shop.example", false);
    check("https://shop.example", "https://shop.example", true);
    check("HTTPS://Shop.Example:443", "https://shop.example", true);
    check("https://shop.example", "http://shop.example", false);
    check("https://shop.example", "https://shop.example:8443", false);
    check("https://shop.example", "https://shop.example.evil.example", false);
    check("https://shop.example", "https://www.shop.example", false);
    check("https://*.shop.example", "https://www.shop.example", true);
    check("https://*.shop.example", "https://a.b.shop.example", true);
    check("https://*.shop.example", "https://shop.example", false);
    check("https://*.shop.example", "https://.shop.example", false);
    check("https://*.shop.example", "https://evilshop.example", false);
    check("https://*.shop.example", "https://*.shop.example", false);
    check("http://a.example, http://127.0.0.1:8080\thttp://[::1]:9", "http://127.0.0.1:8080", true);
    check("http://a.example, http://127.0.0.1:8080\thttp://[::1]:9", "http://[::1]:9", true);
    check("https://bücher.example", "https://xn--bcher-kva.example", true);
    check("https://shop.example", "null", false);
    check("https://shop.example", "", false);
}

#[test]
fn an_origin_is_shown_as_browsers_write_it() {
    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(text.parse::<PageOrigin>().ok().map(|origin| origin.to_string()).as_deref(), expected, "{text}");
    }
    check("https://Shop.example:443", Some("https://shop.example"));
    check("http://*.shop.example:8080", Some("http://*.shop.example:8080"));
    for bad in [
        "*",
        "https://*",
        "https://*.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://u@shop.example",
        "https://shop.*.example",
        "ftp://shop.example",
        "shop.example",
        "https://",
        "https://a.example;script-src",
        "https://a.example?x",
        "https://a.example\u{a0}'unsafe-inline'",
    ] {
        check(bad, None);
    }
}

#[test]
fn each_wrong_value_is_refused_with_a_sentence() {
    #[track_caller]
    fn wrong(name: &str, value: &str, part: &str) {
        let message = check(name, value).expect_err(value);
        assert!(message.contains(part), "{message}");
        assert_eq!(Widget::of(&source(&[(name, value)])), Widget::of(&source(&[])), "it counts as not set");
    }
    wrong("allowed_origins", "https://a.example shop", "`shop` is no origin");
    wrong("color", "teal", "#rrggbb");
    wrong("color", "#12345", "#rrggbb");
    wrong("logo_url", "http://shop.example/a.png", "https://");
    wrong("title", &"x".repeat(61), "at most 60 characters");
    wrong("texts", "[]", "JSON object");
    wrong("texts", r#"{"xx": {}}"#, "`xx` is no language");
    wrong("texts", r#"{"de": {"headline": "x"}}"#, "`de.headline` is no text");
    wrong("texts", r#"{"de": {"title": ""}}"#, "1 to 60 characters");
    assert_eq!(check("welcome", "Hello"), Ok(()));
    assert_eq!(check("texts", r#"{"de": {"title": "Hilfe"}}"#), Ok(()));
}

#[test]
fn what_is_set_is_read() {
    let widget = Widget::of(&source(&[
        ("title", "Help"),
        ("color", "#ABC"),
        ("theme", "dark"),
        ("position", "middle"),
        ("attachments", "off"),
        ("sign_in", "required"),
        ("texts", r#"{"de": {"title": "Hilfe"}}"#),
    ]));
    assert_eq!((widget.title.as_str(), widget.color.as_str(), widget.theme.as_str()), ("Help", "#aabbcc", "dark"));
    assert_eq!((widget.position.as_str(), widget.language.as_str()), ("right", "auto"), "what is no choice counts as not set");
    assert!(!widget.attachments && widget.sign_in_required);
    assert_eq!(widget.texts["de"]["title"], "Hilfe");
    assert_eq!(Widget::of(&source(&[])).title, "Shop");
}

#[test]
fn the_languages_are_those_of_the_setting() {
    let choices = FIELDS.iter().find(|field| field.name == "language").expect("the setting").choices;
    assert_eq!(choices[1..], LANGUAGES);
}
