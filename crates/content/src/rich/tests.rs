//! What is understood, what is refused and where, as tables; and that nothing at all makes the reader fall.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn rules() -> Rules<'static> {
    Rules { max_bytes: 100 << 10, image_hosts: &[], now_s: NOW }
}

fn reading(value: &Value) -> Reading<Rich> {
    read(&value.to_string(), &rules())
}

fn good(value: &Value) -> Rich {
    let reading = reading(value);
    assert_eq!(reading.errors, [], "{value}");
    reading.content.expect("without errors there is content")
}

/// The errors as `path code`, in order.
fn wrong(value: &Value) -> Vec<String> {
    let reading = reading(value);
    assert_eq!(reading.content.is_none(), !reading.errors.is_empty());
    reading.errors.iter().map(|one| format!("{} {}", one.path, name(one.code))).collect()
}

fn name(code: Code) -> String {
    serde_json::to_value(code).expect("a name").as_str().expect("a text").to_owned()
}

fn button(title: &str, action: Value) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [action]}})
}

fn say(text: &str) -> Value {
    json!({"type": "publishText", "text": text})
}

fn card() -> Value {
    json!({"type": "vertical", "tag": "generic", "alt": "Blue kettle", "elements": [
        {"type": "image", "url": "https://cdn.shop.test/k.png"},
        {"type": "text", "tag": "Title", "text": "Blue kettle"},
        {"type": "text", "tag": "subtitle", "text": "1.7 l, 39 EUR"},
        {"type": "button", "title": "Buy", "click": {"actions": [say("buy kettle")], "metadata": [{"type": "ExternalId", "id": "k-buy"}]}}]})
}

fn checklist() -> Value {
    json!({"type": "list", "elements": [
        {"type": "text", "text": "Shapes?"},
        {"type": "sectionList", "elements": [{"type": "section", "sectionID": "s1", "elements": [
            {"type": "text", "text": "Round ones"},
            {"type": "checklist", "elements": [
                {"type": "checkbox", "text": "Oval", "click": {"actions": [{"type": "checked", "publishText": "oval"}]}},
                {"type": "checkbox", "text": "Round", "click": {"actions": [{"type": "checked", "publishText": "round"}]}}]}]}]},
        {"type": "buttonList", "elements": [
            {"type": "submitButton", "title": "OK", "click": {"actions": [{"type": "submitAsText", "submit": true}]}}]}]})
}

#[test]
fn a_card_is_understood() {
    let rich = good(&card());
    assert_eq!(rich.root.alt.as_deref(), Some("Blue kettle"));
    let Kind::Vertical(inner) = &rich.root.kind else { panic!("{rich:?}") };
    assert_eq!(inner[1].tag.as_deref(), Some("title"), "tags are compared in small letters");
    assert_eq!(inner[3].path, "/elements/3");
    let click = inner[3].click.as_ref().expect("a click");
    assert_eq!(
        (click.published(), click.link(), &click.metadata),
        (Some("buy kettle"), None, &vec![json!({"type": "ExternalId", "id": "k-buy"})])
    );
}

#[test]
fn every_element_is_understood() {
    let link = json!({"type": "link", "uri": "https://a.test/1", "name": "x", "target": "blank", "ios": {"uri": "app://x"}, "web": {"uri": "https://a.test/2"}});
    for value in [
        json!({"type": "text", "text": "a", "rtl": true, "style": {"bold": true, "color": "#ff0000", "size": "large"}, "tooltip": "t"}),
        button("a", link.clone()),
        button("a", json!({"type": "navigate", "la": 52.5, "lo": 13.4, "name": "Berlin"})),
        button("a", json!({"type": "addToCart", "items": [{"productId": "p", "quantity": 2}]})),
        button("a", json!({"type": "custom", "data": [{"key": "k", "value": "v"}]})),
        button(
            "a",
            json!({"type": "datePicker", "class": "range", "title": "Day", "minDate": NOW, "maxDate": NOW + 9, "dateFormat": "DD.MM."}),
        ),
        button(
            "a",
            json!({"type": "scheduleSlotList", "slots": [{"type": "scheduleSlot", "id": "1", "start": NOW + 60, "end": NOW + 90}]}),
        ),
        json!({"type": "image", "url": "https://a.test/x.png", "caption": "c", "click": {"actions": [link]}}),
        json!({"type": "map", "la": -90, "lo": 180, "tooltip": "There"}),
        json!({"type": "linkPreview", "url": "https://a.test", "title": "t"}),
        json!({"type": "template", "templateType": "quickReply", "title": "Yes?", "resp": ["Yes", "No"]}),
        json!({"type": "keyValuePairList", "elements": [{"key": "k", "value": "v"}]}),
        json!({"type": "horizontal", "percentages": [30, 70], "elements": [card(), {"type": "vertical", "border": "dropShadow", "elements": []}]}),
        json!({"type": "carousel", "padding": 10, "elements": [card(), card()]}),
        json!({"type": "vertical", "elements": [{"type": "carousel", "elements": [card(), card()]}]}),
        json!({"type": "carouselSelect", "selectMode": {"name": "s", "type": "multiple"}, "elements": [card()]}),
        json!({"type": "accordionSelect", "selectMode": {"name": "s"}, "titles": [{"name": "t"}], "elements": [card()]}),
        json!({"type": "tabs", "elements": [card()]}),
        checklist(),
        json!({"type": "text", "text": "a", "accessibility": {"web": {"role": "x", "aria-label": "y"}}}),
    ] {
        assert_eq!(reading(&value).warnings, [], "{value}");
        good(&value);
    }
    let Kind::List(list) = good(&checklist()).root.kind else { panic!("a list") };
    assert_eq!((list.title.as_str(), list.sections[0].title.as_deref()), ("Shapes?", Some("Round ones")));
    assert_eq!(list.sections[0].boxes[1].click.published(), Some("round"));
    let Kind::Vertical(legacy) = good(&json!({"type": "template", "title": "Yes?", "resp": ["Yes", "No"]})).root.kind else {
        panic!("a card")
    };
    assert_eq!((legacy.len(), legacy[2].click.as_ref().and_then(Click::published)), (3, Some("No")));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let check = |value: Value, expected: &[&str]| assert_eq!(wrong(&value), expected, "{value}");
    let long = |length: usize| "x".repeat(length);
    check(json!([]), &[" wrong_type"]);
    check(json!({}), &["/type missing"]);
    check(json!({"type": 1}), &["/type wrong_type"]);
    check(json!({"type": "audio", "url": "x"}), &[" unknown_type"]);
    check(json!({"type": "text"}), &["/text missing"]);
    check(json!({"type": "text", "text": " "}), &["/text missing"]);
    check(json!({"type": "text", "text": long(5_001)}), &["/text too_long"]);
    check(json!({"type": "text", "text": 5}), &["/text wrong_type"]);
    check(json!({"type": "text", "text": "a", "colour": "red"}), &["/colour unknown_property"]);
    check(json!({"type": "button", "title": long(129)}), &["/title too_long"]);
    check(json!({"type": "button", "title": "a", "class": "big"}), &["/class bad_value"]);
    check(json!({"type": "button", "title": "a", "ref": {"name": long(201)}}), &["/ref/name too_long"]);
    check(json!({"type": "image", "url": "http://a.test/x.png"}), &["/url not_https"]);
    check(json!({"type": "image", "url": "https://user@a.test/x.png"}), &["/url bad_address"]);
    check(json!({"type": "image", "url": "https:///x.png"}), &["/url bad_address"]);
    check(json!({"type": "map", "la": 120, "lo": 13}), &["/la out_of_range"]);
    check(json!({"type": "map", "la": 12}), &["/lo missing"]);
    check(json!({"type": "map", "la": "12", "lo": 13}), &["/la wrong_type"]);
    check(json!({"type": "vertical", "elements": [card(), {"type": "text", "text": ""}]}), &["/elements/1/text missing"]);
    let cards = |count: usize| json!({"type": "carousel", "elements": vec![card(); count]});
    check(cards(11), &["/elements too_many"]);
    check(cards(0), &["/elements too_few"]);
    check(json!({"type": "carousel", "elements": [cards(2), card()]}), &["/elements/0 not_allowed_here"]);
    check(json!({"type": "tabs", "elements": [checklist()]}), &["/elements/0 not_allowed_here"]);
    check(
        json!({"type": "accordionSelect", "selectMode": {"name": "s"}, "titles": [], "elements": [card()]}),
        &["/titles too_few", "/titles unequal"],
    );
    check(json!({"type": "carouselSelect", "elements": [card()]}), &["/selectMode missing"]);
    check(json!({"type": "list", "elements": [{"type": "text", "text": "a"}]}), &["/elements too_few"]);
    let mut list = checklist();
    list["elements"].as_array_mut().expect("a list").swap(0, 1);
    check(list, &["/elements/0 not_allowed_here", "/elements/1 not_allowed_here"]);
    let mut list = checklist();
    let section = list["elements"][1]["elements"][0].clone();
    list["elements"][1]["elements"].as_array_mut().expect("a list").push(section);
    check(list, &["/elements/1/elements/1/sectionID duplicate"]);
    let mut list = checklist();
    list["elements"][1]["elements"][0]["elements"][1]["elements"][0]["click"] = Value::Null;
    check(list, &["/elements/1/elements/0/elements/1/elements/0/click missing"]);
    let action = |action: Value| button("a", action);
    check(action(json!({"type": "jump"})), &["/click/actions/0 unknown_type"]);
    check(action(json!({"type": "submitAsForm"})), &["/click/actions/0 unknown_type"]);
    check(action(json!({"type": "publishText"})), &["/click/actions/0/text missing"]);
    for bad in
        ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "no address", "https://", "https://a b/"]
    {
        check(action(json!({"type": "link", "uri": bad})), &["/click/actions/0/uri bad_address"]);
    }
    check(
        action(json!({"type": "link", "uri": "https://a.test", "ios": {"uri": "javascript:x"}})),
        &["/click/actions/0/ios/uri bad_address"],
    );
    check(
        action(json!({"type": "scheduleSlotList", "slots": [{"id": "1", "start": NOW - 1}]})),
        &["/click/actions/0/slots/0/start in_the_past"],
    );
    check(action(json!({"type": "datePicker", "minDate": NOW + 9, "maxDate": NOW + 1})), &["/click/actions/0/maxDate out_of_range"]);
    check(action(json!({"type": "datePicker", "maxDate": NOW - 1})), &["/click/actions/0/maxDate in_the_past"]);
    let five = json!({"type": "button", "title": "a", "click": {"actions": vec![say("x"); 5]}});
    check(five, &["/click/actions too_many"]);
    let metadata = json!({"type": "button", "title": "a", "click": {"metadata": [{"id": 1}, 7]}});
    check(metadata, &["/click/metadata/0 wrong_type", "/click/metadata/1 wrong_type"]);
    check(json!({"type": "text", "text": "a", "accessibility": {"web": {"onclick": "x"}}}), &["/accessibility/web/onclick bad_value"]);
    check(json!({"type": "text", "text": "a", "a/b~c": 1}), &["/a~1b~0c unknown_property"]);
}

#[test]
fn limits_hold_for_the_whole() {
    let mut deep = json!({"type": "text", "text": "a"});
    for _ in 0..11 {
        deep = json!({"type": "vertical", "elements": [deep]});
    }
    good(&deep);
    let deeper = json!({"type": "vertical", "elements": [deep]});
    assert_eq!(wrong(&deeper), [format!("{} too_deep", "/elements/0".repeat(12))]);
    let row = json!({"type": "vertical", "elements": vec![json!({"type": "text", "text": "a"}); 249]});
    let many = json!({"type": "vertical", "elements": [row, row, {"type": "text", "text": "the 502nd"}]});
    assert_eq!(wrong(&many).len(), 1);
    let small = Rules { max_bytes: 10, ..rules() };
    let large = read(&card().to_string(), &small);
    assert_eq!((large.errors[0].code, large.errors[0].limit), (Code::TooLarge, Some(10)));
    assert_eq!(read("{", &rules()).errors[0].code, Code::NotJson);
    assert_eq!(read(&"[".repeat(50_000), &rules()).errors[0].code, Code::NotJson);
    let hosts = ["cdn.shop.test".to_owned()];
    let listed = Rules { image_hosts: &hosts, ..rules() };
    assert_eq!(read(&card().to_string(), &listed).errors, []);
    let elsewhere = json!({"type": "image", "url": "https://cdn.shop.test.evil/x.png"}).to_string();
    assert_eq!(read(&elsewhere, &listed).errors[0].code, Code::HostNotAllowed);
}

#[test]
fn what_is_unwise_is_told_and_taken() {
    let check = |value: Value, expected: &[Code]| {
        let reading = reading(&value);
        assert_eq!(
            (reading.errors.len(), reading.warnings.iter().map(|one| one.code).collect::<Vec<_>>()),
            (0, expected.to_vec()),
            "{value}"
        );
    };
    check(json!({"text": "a"}), &[Code::Inferred]);
    check(json!({"url": "https://a.test/x.png"}), &[Code::Inferred]);
    check(json!({"la": 1, "lo": 2}), &[Code::Inferred]);
    check(json!({"type": "carousel", "elements": [card()]}), &[Code::Adjusted]);
    check(json!({"type": "text", "text": "a", "style": {"color": "url(x)", "bold": 1}}), &[Code::Ignored, Code::Ignored]);
    check(button("a", say(&"x".repeat(257))), &[Code::Long]);
    check(button("a", json!({"type": "link", "uri": "myapp://x"})), &[Code::Ignored]);
    assert!(matches!(good(&json!({"type": "carousel", "elements": [card()]})).root.kind, Kind::Vertical(_)));
    // Seen in the wild: what to show where nothing else can be.
    let fallback = json!({"type": "vertical", "elements": [], "metadata": {"fallback": "A kettle"}});
    assert_eq!(good(&fallback).fallback.as_deref(), Some("A kettle"));
    assert_eq!(good(&json!({"type": "vertical", "elements": [], "text": "A kettle"})).fallback.as_deref(), Some("A kettle"));
}

#[test]
fn answers_below_a_message_are_read() {
    let read = |value: Value| read_quick_replies(&value.to_string(), &rules());
    let chips =
        json!({"type": "quickReplies", "itemsPerRow": 2, "replies": [button("Yes", say("yep")), {"type": "button", "title": "No"}]});
    let chips = read(chips).content.expect("good");
    let said: Vec<_> = chips.replies.iter().map(|one| (one.title.as_str(), one.click.published())).collect();
    assert_eq!((chips.per_row, said), (2, vec![("Yes", Some("yep")), ("No", Some("No"))]), "who says nothing else says the title");
    let many = json!({"type": "quickReplies", "itemsPerRow": 9, "replies": vec![button("a", say("b")); 25]});
    let codes: Vec<Code> = read(many).errors.iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::OutOfRange, Code::TooMany]);
    assert_eq!(read(json!({"type": "quickReplies", "replies": []})).errors[0].code, Code::TooFew);
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "type",
        "text",
        "elements",
        "title",
        "url",
        "click",
        "actions",
        "metadata",
        "la",
        "lo",
        "selectMode",
        "titles",
        "replies",
        "tag",
        "style",
    ]);
    let kinds = prop::sample::select(vec![
        "text",
        "button",
        "image",
        "map",
        "vertical",
        "carousel",
        "list",
        "tabs",
        "accordionSelect",
        "publishText",
        "link",
        "section",
        "checklist",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        kinds.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_fall(value in any_json(), text in ".{0,200}") {
        let reading = reading(&value);
        prop_assert_eq!(reading.content.is_none(), !reading.errors.is_empty());
        for problem in &reading.errors {
            prop_assert!(problem.path.is_empty() || problem.path.starts_with('/'));
        }
        read_quick_replies(&value.to_string(), &rules());
        read(&text, &rules());
    }
}

fn outline(value: &Value) -> Outline {
    Outline::of(&good(value), None, &[])
}

fn numbered(value: &Value) -> Numbered {
    outline(value).numbered(&Words::default(), true)
}

fn chips(titles: &[(&str, &str, &str)]) -> QuickReplies {
    let reply = |(title, says, id): &(&str, &str, &str)| json!({"type": "button", "title": title, "click": {"actions": [say(says)], "metadata": [{"type": "ExternalId", "id": id}]}});
    let value = json!({"type": "quickReplies", "itemsPerRow": 8, "replies": titles.iter().map(reply).collect::<Vec<_>>()});
    read_quick_replies(&value.to_string(), &rules()).content.expect("good")
}

fn says(answer: Option<Answer>) -> Option<(String, Vec<String>)> {
    let id = |entry: &Value| entry["id"].as_str().unwrap_or("?").to_owned();
    answer.map(|one| (one.says.unwrap_or_default(), one.metadata.iter().map(id).collect()))
}

fn said(text: &str, ids: &[&str]) -> Option<(String, Vec<String>)> {
    Some((text.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect()))
}

#[test]
fn a_card_as_text() {
    let kettle = numbered(&card());
    assert_eq!(kettle.text, "Blue kettle\n1.7 l, 39 EUR\nhttps://cdn.shop.test/k.png\n\n1. Buy\nReply with a number.");
    assert_eq!(says(kettle.offered.typed("1")), said("buy kettle", &["k-buy"]));
    let links = json!({"type": "vertical", "elements": [
        {"type": "text", "text": "Shop"},
        button("Buy", say("buy")),
        button("Details", json!({"type": "link", "uri": "https://a.test/d"})),
        button("Find us", json!({"type": "navigate", "la": 52.5, "lo": 13.4})),
        {"type": "button", "title": "Both", "click": {"actions": [{"type": "link", "uri": "https://a.test/b"}, say("seen")]}}]});
    let expected = "Shop\n\n1. Buy\nDetails: https://a.test/d\nFind us: https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=17/52.5/13.4\n\
                    2. Both - https://a.test/b\nReply with a number.";
    assert_eq!(numbered(&links).text, expected, "what only leads somewhere has no number");
    let map = json!({"type": "map", "la": 1, "lo": 2, "tooltip": "Our shop"});
    assert_eq!(numbered(&map).text, "Our shop\nhttps://www.openstreetmap.org/?mlat=1&mlon=2#map=17/1/2");
    let pairs = json!({"type": "keyValuePairList", "elements": [{"key": "Size", "value": "L"}, {"key": "Colour", "value": "red"}]});
    assert_eq!(numbered(&pairs).text, "Size: L\nColour: red");
}

#[test]
fn numbers_run_on_over_all_cards_and_replies() {
    let offer = |name: &str| {
        json!({"type": "vertical", "elements": [{"type": "text", "text": name},
        {"type": "button", "title": "Buy", "click": {"actions": [say(&format!("buy {name}"))], "metadata": [{"type": "ExternalId", "id": format!("buy-{name}")}]}},
        {"type": "button", "title": "More", "click": {"actions": [say(&format!("more {name}"))], "metadata": [{"type": "ExternalId", "id": format!("more-{name}")}]}}]})
    };
    let carousel = json!({"type": "carousel", "elements": Vec::from(["a", "b", "c", "d"].map(offer))});
    let text = numbered(&carousel);
    assert_eq!(
        text.text,
        "a\n\n1. Buy\n2. More\n\nb\n\n3. Buy\n4. More\n\nc\n\n5. Buy\n6. More\n\nd\n\n7. Buy\n8. More\nReply with a number."
    );
    assert_eq!(says(text.offered.typed("6")), said("more c", &["more-c"]));
    let replies = chips(&[("Yes", "yep", "y")]);
    let all = Outline::of(&good(&carousel), Some(&replies), &[]).numbered(&Words::default(), true);
    assert!(all.text.ends_with("8. More\n\n9. Yes\nReply with a number."), "{}", all.text);
}

#[test]
fn replies_below_a_text_and_what_is_typed_to_them() {
    let replies = chips(&[("Yes", "yep", "a"), ("No", "nope", "b"), ("Later today", "later please", "c"), ("Later", "later", "d")]);
    let text = Outline::of_text("Shall we?", Some(&replies)).numbered(&Words::default(), true);
    assert_eq!(text.text, "Shall we?\n\n1. Yes\n2. No\n3. Later today\n4. Later\nReply with a number.");
    let check = |typed: &str, expected: Option<(String, Vec<String>)>| assert_eq!(says(text.offered.typed(typed)), expected, "{typed}");
    for two in ["2", " 2. ", "2)", "#2", "Option 2", "option 2:", "２", "2\u{fe0f}\u{20e3}", "no", "NO", "Ｎｏ", "nope"] {
        check(two, said("nope", &["b"]));
    }
    check("later", said("later", &["d"]));
    check("later t", said("later please", &["c"]));
    for text in ["0", "5", "", "lat", "yes please", "1,2", "-1", "99999999999999999999999", "la"] {
        check(text, None);
    }
    let silent = Outline::of_text("Shall we?", Some(&replies)).numbered(&Words::default(), false);
    assert_eq!((silent.text.as_str(), silent.offered), ("Shall we?\n\nYes\nNo\nLater today\nLater", Offered::default()));
}

#[test]
fn several_boxes_are_ticked_by_their_numbers() {
    let tick = |title: &str, says: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": says}], "metadata": [{"type": "ExternalId", "id": says}]}});
    let group = |id: &str, boxes: Vec<Value>| json!({"type": "section", "sectionID": id, "elements": [{"type": "text", "text": id}, {"type": "checklist", "elements": boxes}]});
    let list = json!({"type": "list", "elements": [
        {"type": "text", "text": "Which?"},
        {"type": "sectionList", "elements": [
            group("Colours", vec![tick("Red", "red"), tick("Blue", "blue")]),
            group("Shapes", vec![tick("Round", "round"), tick("Oval", "oval"), tick("Square", "square")])]},
        {"type": "buttonList", "elements": [
            {"type": "submitButton", "title": "Continue", "click": {"actions": [{"type": "submitAsText"}], "metadata": [{"type": "ExternalId", "id": "go"}]}},
            {"type": "button", "title": "Back", "click": {"actions": [say("back")], "metadata": [{"type": "ExternalId", "id": "b"}]}}]}]});
    let text = numbered(&list);
    assert_eq!(
        text.text,
        "Which?\nColours\n1. Red\n2. Blue\nShapes\n3. Round\n4. Oval\n5. Square\n6. Back\nReply with numbers, for example 1,3."
    );
    let check = |typed: &str, expected: Option<(String, Vec<String>)>| assert_eq!(says(text.offered.typed(typed)), expected, "{typed}");
    for typed in ["1,4", "4 1", "1 and 4", "4, 1, 4"] {
        check(typed, said("red, oval", &["red", "oval", "go"]));
    }
    check("2", said("blue", &["blue", "go"]));
    check("6", said("back", &["b"]));
    check("back", said("back", &["b"]));
    check("1,9", None);
    check("1,6", None);
}

#[test]
fn times_days_selections_and_the_authors_own_text() {
    let slots = button(
        "Pick",
        json!({"type": "scheduleSlotList", "title": "When?", "slots": [
        {"type": "scheduleSlot", "id": "s1", "start": NOW + 3600}, {"type": "scheduleSlot", "id": "s2", "start": NOW + 7200, "title": "Noon", "description": "quiet"}]}),
    );
    let text = numbered(&slots);
    assert_eq!(text.text, "When?\nFri 2027-01-15\n1. 2027-01-15 09:00\n2. Noon - quiet\nReply with a number.");
    assert_eq!(says(text.offered.typed("noon")), said("Noon", &["s2"]));
    let day = button(
        "Pick a day",
        json!({"type": "datePicker", "class": "range", "minDate": NOW, "maxDate": NOW + 86_400, "dateFormat": "DD.MM.YYYY"}),
    );
    assert_eq!(numbered(&day).text, "Pick a day (DD.MM.YYYY - DD.MM.YYYY, 2027-01-15 … 2027-01-16)");
    let mut choose = card();
    choose["metadata"] = json!([{"type": "ExternalId", "id": "card"}]);
    let select = json!({"type": "accordionSelect", "selectMode": {"name": "s"}, "titles": [{"name": "First"}], "elements": [choose]});
    assert_eq!(says(numbered(&select).offered.typed("1")), said("buy kettle", &["k-buy", "card"]));
    let mut own = card();
    own["metadata"] = json!({"fallback": "A kettle, 39 EUR"});
    assert_eq!(numbered(&own).text, "A kettle, 39 EUR\n1. Buy\nReply with a number.");
}

proptest! {
    #[test]
    fn every_number_that_is_shown_can_be_answered(count in 1_usize..25, typed in ".{0,20}") {
        let titles: Vec<(String, String, String)> = (0..count).map(|at| (format!("T{at}"), format!("S{at}"), format!("I{at}"))).collect();
        let titles: Vec<(&str, &str, &str)> = titles.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        let text = Outline::of_text("?", Some(&chips(&titles[..count.min(24)]))).numbered(&Words::default(), true);
        let more = Outline::of_text("?", Some(&chips(&titles[..count.min(24)]))).written(&Words::default(), true, 20).text;
        prop_assert_eq!(text.more, (count > 20).then_some(20));
        for at in 1..=count.min(24) {
            let line = format!("{at}. T{}", at - 1);
            let page = if at <= 20 { &text.text } else { &more };
            prop_assert!(page.lines().any(|one| one == line));
            prop_assert_eq!(says(text.offered.typed(&at.to_string())), said(&format!("S{}", at - 1), &[&format!("I{}", at - 1)]));
        }
        text.offered.typed(&typed);
    }

    #[test]
    fn whatever_is_understood_can_be_shown(value in any_json()) {
        if let Some(rich) = reading(&value).content {
            let outline = Outline::of(&rich, None, &[]);
            let once = outline.numbered(&Words::default(), true);
            prop_assert_eq!(&once, &outline.numbered(&Words::default(), true));
            for at in 0..once.offered.choices.len() {
                prop_assert!(once.offered.typed(&(at + 1).to_string()).is_some());
            }
        }
    }
}
