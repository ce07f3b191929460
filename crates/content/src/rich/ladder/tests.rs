//! The rungs one by one, and what holds whatever a channel's limits are: nothing exceeds them, and everything that is offered can be chosen.

use super::super::*;
use crate::capabilities::{TextLimit, Unit};
use crate::split::measure;
use crate::structured::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const TEXT: TextLimit = TextLimit { max: 640, unit: Unit::Codepoint, segments: false };
const BUTTONS: ButtonLimits = ButtonLimits::new(3, 20);

fn can() -> Structured {
    let card = CardLimits::new(80, 80, BUTTONS);
    Structured {
        picture: Some(PictureLimits::default()),
        chips: Some(ChipLimits::new(13, 20)),
        buttons: Some(TextButtons { text: 640, buttons: BUTTONS }),
        card: Some(card),
        carousel: Some(CarouselLimits::new(10, card)),
        ..Structured::default()
    }
}

fn rules() -> Rules<'static> {
    Rules { max_bytes: 1 << 20, image_hosts: &[], now_s: 0 }
}

fn shown(outline: Outline) -> Presentation {
    Presentation { outline, token: "t".into(), ..Presentation::default() }
}

fn outline(value: &Value, replies: Option<&Value>) -> Outline {
    let rich = read(&value.to_string(), &rules()).content.unwrap_or_else(|| panic!("{value}"));
    let replies = replies.map(|value| read_quick_replies(&value.to_string(), &rules()).content.expect("replies"));
    Outline::of(&rich, replies.as_ref(), &[])
}

fn native(value: &Value, replies: Option<&Value>) -> Adaptation {
    shown(outline(value, replies)).native(&TEXT, &can())
}

fn replies(titles: &[&str]) -> Value {
    json!({"type": "quickReplies", "itemsPerRow": 8, "replies": titles.iter().map(|title| tap(title)).collect::<Vec<_>>()})
}

fn asked(text: &str, titles: &[&str]) -> Presentation {
    let replies = read_quick_replies(&replies(titles).to_string(), &rules()).content.expect("replies");
    shown(Outline::of_text(text, Some(&replies)))
}

fn chips(text: &str, titles: &[&str]) -> Adaptation {
    asked(text, titles).native(&TEXT, &can())
}

fn tap(title: &str) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": format!("say {title}")}]}})
}

fn open(title: &str) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": "https://a.test/1"}]}})
}

fn card(image: bool, title: &str, subtitle: &str, buttons: Vec<Value>) -> Value {
    let mut elements = Vec::new();
    if image {
        elements.push(json!({"type": "image", "url": "https://a.test/k.png"}));
    }
    for (tag, text) in [("title", title), ("subtitle", subtitle)] {
        if !text.is_empty() {
            elements.push(json!({"type": "text", "tag": tag, "text": text}));
        }
    }
    elements.extend(buttons);
    json!({"type": "vertical", "elements": elements})
}

/// Messages in short.
fn brief(made: &Adaptation) -> Vec<String> {
    let button = |one: &NativeButton| match one {
        NativeButton::Tap(tap) => format!("[{} {}]", tap.label, tap.token),
        NativeButton::Day { label, token, .. } => format!("[{label} {token}?]"),
        other => format!("[{} ->]", other.label()),
    };
    let buttons = |all: &[NativeButton]| all.iter().map(button).collect::<String>();
    let element = |card: &NativeCard| {
        let image = if card.image.is_some() { "image " } else { "" };
        format!("{image}{}|{}{}", card.title, card.subtitle.as_deref().unwrap_or(""), buttons(&card.buttons))
    };
    let one = |message: &Native| {
        let form = match &message.form {
            Form::Text(text) => text.clone(),
            Form::Picture { url, caption } => format!("image {url}{}", caption.as_ref().map(|text| format!(" {text}")).unwrap_or_default()),
            Form::Card(card) => format!("card {}", element(card)),
            Form::Buttons { text, buttons: all } => format!("buttons {text}{}", buttons(all)),
            Form::Carousel { cards, .. } => format!("carousel {}", cards.iter().map(element).collect::<Vec<_>>().join(" / ")),
            Form::List(list) => {
                let row = |row: &NativeRow| {
                    format!(
                        "<{}{} {}>",
                        row.tap.label,
                        row.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default(),
                        row.tap.token
                    )
                };
                let section = |section: &NativeSection| {
                    format!(
                        "{}{}{}",
                        section.title.as_deref().unwrap_or(""),
                        if section.multiple { "+" } else { "" },
                        section.rows.iter().map(row).collect::<String>()
                    )
                };
                format!("list {}|{}|{}", list.text, list.button, list.sections.iter().map(section).collect::<Vec<_>>().join(" / "))
            }
            Form::Place(place) => format!("place {} {} {}", place.latitude, place.longitude, place.name.as_deref().unwrap_or("")),
            Form::Link(link) => format!("link {} {}", link.title, link.url),
            Form::Times(times) => format!(
                "times {}|{}",
                times.title,
                times.times.iter().map(|time| format!("<{} {}>", time.tap.label, time.tap.token)).collect::<String>()
            ),
        };
        message.chips.iter().fold(form, |form, chip| format!("{form} ({} {})", chip.label(), chip.token()))
    };
    made.messages.iter().map(one).collect()
}

fn reasons(made: &Adaptation) -> Vec<&'static str> {
    made.losses.iter().map(|loss| loss.reason).collect()
}

#[test]
fn chips_stand_below_the_text() {
    let made = chips("Shall we?", &["Yes", "No", "Later"]);
    assert_eq!((brief(&made), made.losses.len()), (vec!["Shall we? (Yes t.0) (No t.1) (Later t.2)".to_owned()], 0));
    let long = chips(&"word ".repeat(200), &["Yes"]);
    assert_eq!(long.messages.iter().map(|one| one.chips.len()).collect::<Vec<_>>(), [0, 1], "on the last part only");
    let fewest = Structured { chips: Some(ChipLimits { min: 2, ..ChipLimits::new(5, 20) }), ..Structured::default() };
    let one = asked("Shall we?", &["Yes"]).native(&TEXT, &fewest);
    assert_eq!(brief(&one), ["Shall we?\n\n1. Yes\nReply with a number."]);
    let low = ChipLimits { text: Some(10), ..ChipLimits::new(5, 20) };
    let below = asked("A question of some length?", &["Yes"]).native(&TEXT, &Structured { chips: Some(low), ..Structured::default() });
    assert_eq!(brief(&below), ["A question of some length?", "Options (Yes t.0)"]);
}

#[test]
fn labels_are_cut_while_they_can_be_told_apart() {
    let one = chips("?", &["A label of thirty-two characters", "Yes", "No"]);
    assert_eq!(brief(&one), ["? (A label of thirty-t… t.0) (Yes t.1) (No t.2)"]);
    let same = chips("?", &["Change my delivery address today", "Change my delivery address tomorrow"]);
    let expected = "?\n\n1. Change my delivery address today\n2. Change my delivery address tomorrow\nReply with a number. (1 t.0) (2 t.1)";
    assert_eq!((brief(&same), reasons(&same)), (vec![expected.to_owned()], vec!["labels"]));
    let family = "👨‍👩‍👧‍👦".repeat(6);
    let cut = chips("?", &[&family, "Yes", "No"]);
    let label = cut.messages[0].chips[0].label();
    assert!(label.chars().count() <= 20 && family.starts_with(label.trim_end_matches('…')));
}

#[test]
fn more_chips_than_there_is_room_for_come_in_pages() {
    let titles: Vec<String> = (1..=15).map(|at| format!("T{at}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut asked = asked("Which?", &titles);
    let first = asked.native(&TEXT, &can());
    assert_eq!((first.messages.len(), first.messages[0].chips.len(), reasons(&first)), (1, 13, vec!["too_many"]));
    assert_eq!((first.messages[0].chips[12].label(), first.messages[0].chips[12].token()), ("More", "t.m12"));
    asked.page = Page::Tapped(12);
    assert_eq!(brief(&asked.native(&TEXT, &can())), ["Which? (T13 t.12) (T14 t.13) (T15 t.14)"]);
    let text = asked.outline.numbered(&Words::default(), true);
    assert!(text.text.ends_with("\n15. T15\nReply with a number."));
}

#[test]
fn a_card_with_everything() {
    let navigate = json!({"type": "button", "title": "Find us", "click": {"actions": [{"type": "navigate", "la": 1, "lo": 2}]}});
    let made = native(&card(true, "Blue kettle", "1.7 l", vec![tap("Buy"), open("Details"), navigate.clone()]), None);
    assert_eq!((brief(&made), made.losses.len()), (vec!["card image Blue kettle|1.7 l[Buy t.0][Details ->][Find us ->]".to_owned()], 0));
    let long = "x".repeat(90);
    let made = native(&card(true, "Blue kettle", &long, vec![tap("Buy")]), None);
    assert_eq!(brief(&made), [format!("card image Blue kettle|{}…[Buy t.0]", "x".repeat(79))], "little is missing");
    let longer = "word ".repeat(30);
    let made = native(&card(true, "Blue kettle", longer.trim_end(), vec![tap("Buy")]), None);
    let cut = format!("{}…", "word ".repeat(16).trim_end());
    assert_eq!(brief(&made), [format!("Blue kettle\n{}", longer.trim_end()), format!("card image Blue kettle|{cut}[Buy t.0]")]);
    let both = json!({"type": "button", "title": "Both", "click": {"actions": [{"type": "link", "uri": "https://a.test"}, {"type": "publishText", "text": "x"}]}});
    let made = native(&card(true, "T", "", vec![both, tap("Next")]), None);
    assert_eq!((brief(&made), reasons(&made)), (vec!["card image T|[Both ->][Next t.1]".to_owned()], vec!["not_reported"]));
    // Answers only: what leads somewhere stands in the text.
    let mut answers = can();
    let limits = CardLimits { together: Some(200), ..CardLimits::new(200, 200, ButtonLimits::answers(3, 20)) };
    answers.card = Some(limits);
    let kettle = outline(&card(true, "Blue kettle", "1.7 l", vec![tap("Buy"), open("Details"), navigate]), None);
    let made = shown(kettle).native(&TEXT, &answers);
    let map = "https://www.openstreetmap.org/?mlat=1&mlon=2#map=17/1/2";
    assert_eq!(brief(&made), [format!("card image Blue kettle|1.7 l\nDetails: https://a.test/1\nFind us: {map}[Buy t.0]")]);
}

#[test]
fn more_buttons_than_a_card_has_stand_below_it() {
    let titled = |titles: &[&str]| titles.iter().map(|title| tap(title)).collect::<Vec<_>>();
    let made = native(&card(false, "Which?", "", titled(&["a", "b", "c", "d", "e"])), None);
    assert_eq!(brief(&made), ["buttons Which?[a t.0][b t.1][c t.2] (d t.3) (e t.4)"]);
    let long = native(&card(false, "?", "", titled(&["Change my address today", "Call me back tomorrow", "c", "d", "e"])), None);
    let expected = "?\n\n1. Change my address today\n2. Call me back tomorrow\n3. c\n4. d\n5. e\nReply with a number.";
    assert!(brief(&long)[0].starts_with("? (Change my address t… t.0)") || brief(&long)[0].starts_with(expected), "{:?}", brief(&long));
    let links = native(&card(false, "Which?", "", vec![tap("a"), tap("b"), tap("c"), open("d")]), None);
    assert_eq!(brief(&links), ["buttons Which?[a t.0][b t.1][c t.2]", "buttons More[d ->]"]);
    let rows =
        ListLimits { rows: 10, sections: 10, text: 1_024, title: 24, description: 72, heading: 24, button: 20, ..ListLimits::default() };
    let list = Structured { list: Some(rows), chips: None, ..can() };
    let made = shown(outline(&card(false, "Which?", "", titled(&["a", "b", "c", "d"])), None)).native(&TEXT, &list);
    assert_eq!(brief(&made), ["list Which?|Options|<a t.0><b t.1><c t.2><d t.3>"]);
}

#[test]
fn a_line_that_a_link_becomes_is_a_part_of_the_card() {
    let buttons = ButtonLimits { mixed: false, ..BUTTONS };
    let limits = CardLimits { parts: Some(5), ..CardLimits::new(80, 80, buttons) };
    let can = Structured { card: Some(limits), ..can() };
    let offered = card(true, "Kettle", "", vec![tap("A"), open("Look"), tap("B"), tap("C")]);
    let made = shown(outline(&offered, None)).native(&TEXT, &can);
    assert_eq!(brief(&made), ["card image Kettle|Look: https://a.test/1[A t.0][B t.1] (C t.2)"]);
}

#[test]
fn carousels_side_by_side_or_one_below_the_other() {
    let cards = |count: usize, buttons: usize| {
        let buttons = || (0..buttons).map(|at| tap(&format!("b{at}"))).collect();
        json!({"type": "carousel", "elements": (0..count).map(|at| card(true, &format!("c{at}"), "s", buttons())).collect::<Vec<_>>()})
    };
    let made = native(&cards(4, 2), None);
    let expected = (0..4).map(|at| format!("image c{at}|s[b0 t.{}][b1 t.{}]", 2 * at, 2 * at + 1)).collect::<Vec<_>>().join(" / ");
    assert_eq!((brief(&made), made.losses.len()), (vec![format!("carousel {expected}")], 0));
    let made = native(&cards(2, 4), None);
    assert!(made.losses.iter().any(|loss| loss.message.contains("side by side")));
    // The second card's fourth button is a chip, the first card's stands in a message of its own.
    assert_eq!(made.messages.len(), 3);
    let six = Structured { carousel: Some(CarouselLimits::new(6, CardLimits::new(80, 80, BUTTONS))), ..can() };
    let sizes = |count: usize| {
        let made = shown(outline(&cards(count, 1), None)).native(&TEXT, &six);
        let size = |one: &Native| if let Form::Carousel { cards, .. } = &one.form { cards.len() } else { 0 };
        made.messages.iter().map(size).collect::<Vec<_>>()
    };
    assert_eq!((sizes(10), sizes(7)), (vec![6, 4], vec![5, 2]), "none is left alone");
    let differ = json!({"type": "carousel", "elements": [card(true, "a", "s", vec![tap("x")]), card(true, "b", "s", vec![open("y")])]});
    let mut uniform = can();
    uniform.carousel = Some(CarouselLimits {
        uniform: Uniform { buttons: true, image: true, title: true },
        ..CarouselLimits::new(10, CardLimits::new(80, 80, BUTTONS))
    });
    assert_eq!(reasons(&shown(outline(&differ, None)).native(&TEXT, &uniform)), ["uniformity"]);
}

#[test]
fn what_has_no_form_becomes_text() {
    let tick = |title: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": title}]}});
    let list = json!({"type": "list", "elements": [
        {"type": "text", "text": "Which?"},
        {"type": "sectionList", "elements": [{"type": "section", "sectionID": "s", "elements": [{"type": "checklist", "elements": [tick("a"), tick("b")]}]}]},
        {"type": "buttonList", "elements": [{"type": "submitButton", "title": "OK", "click": {"actions": [{"type": "submitAsText"}]}}]}]});
    assert_eq!(brief(&native(&list, None)), ["Which?\n1. a\n2. b\nReply with numbers, for example 1,3."]);
    let rows = ListLimits { rows: 10, sections: 10, text: 100, title: 24, heading: 24, multiple: true, ..ListLimits::default() };
    let ticked = shown(outline(&list, None)).native(&TEXT, &Structured { list: Some(rows), ..can() });
    assert_eq!(brief(&ticked), ["list Which?||+<a t.0><b t.1>"]);
    let image = json!({"type": "image", "url": "https://a.test/k.png"});
    assert_eq!(brief(&native(&image, None)), ["image https://a.test/k.png"]);
    let plain = |value: &Value, can: &Structured| brief(&shown(outline(value, None)).native(&TEXT, can));
    assert_eq!(plain(&card(false, "T", "", vec![tap("a")]), &Structured::default()), ["T\n\n1. a\nReply with a number."]);
    let silent = Structured { one_way: true, ..can() };
    assert_eq!(plain(&card(false, "T", "", vec![tap("a"), open("b")]), &silent), ["T\n\na\nb: https://a.test/1"]);
    let captioned = Structured { picture: Some(PictureLimits { caption: 200 }), ..Structured::default() };
    assert_eq!(plain(&card(true, "T", "", vec![tap("a")]), &captioned), ["image https://a.test/k.png T\n\n1. a\nReply with a number."]);
}

#[test]
fn places_links_and_days() {
    let with = |value: &Value, can: Structured| brief(&shown(outline(value, None)).native(&TEXT, &can));
    let map = json!({"type": "map", "la": 1, "lo": 2, "tooltip": "Our shop"});
    let place = Structured { place: Some(PlaceLimits { name: 100 }), ..can() };
    assert_eq!(with(&map, place), ["place 1 2 Our shop"]);
    assert_eq!(with(&map, can()), ["buttons Our shop[Open ->]"]);
    assert_eq!(with(&map, Structured::default()), ["Our shop\nhttps://www.openstreetmap.org/?mlat=1&mlon=2#map=17/1/2"]);
    let shows = ChipLimits { buttons: ButtonLimits { places: true, ..ButtonLimits::new(11, 25) }, ..ChipLimits::new(11, 25) };
    assert_eq!(with(&map, Structured { chips: Some(shows), ..can() }), ["Our shop (Open )"]);
    let link = json!({"type": "linkPreview", "url": "https://a.test/x", "title": "Terms"});
    assert_eq!(with(&link, Structured { link: Some(LinkLimits { title: 100, max: 5 }), ..can() }), ["link Terms https://a.test/x"]);
    assert_eq!(with(&link, can()), ["buttons Terms[Open ->]"]);
    assert_eq!(with(&link, Structured::default()), ["Terms\nhttps://a.test/x"]);
    let day = json!({"type": "button", "title": "Pick", "click": {"actions": [{"type": "datePicker", "title": "Which day?"}]}});
    assert_eq!(with(&day, can()), ["Which day? (YYYY-MM-DD)"]);
    let mut days = can();
    days.buttons = Some(TextButtons { text: 100, buttons: ButtonLimits { days: true, ..BUTTONS } });
    assert_eq!(with(&day, days), ["buttons Which day?[Pick t.d0?]"]);
}

// ---------- what always holds ----------

fn any_card() -> impl Strategy<Value = Value> {
    let button = ("[a-z ]{1,40}", any::<bool>())
        .prop_filter_map("a title", |(title, says)| (!title.trim().is_empty()).then(|| if says { tap(&title) } else { open(&title) }));
    let texts = ("\\PC{1,120}", "\\PC{0,120}").prop_filter("a title", |(title, _)| !title.trim().is_empty());
    (any::<bool>(), texts, prop::collection::vec(button, 0..7))
        .prop_map(|(image, (title, subtitle), buttons)| card(image, &title, subtitle.trim(), buttons))
}

fn any_body() -> impl Strategy<Value = Value> {
    let row = |title: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": title}]}});
    let boxes = prop::collection::vec("[a-z]{1,30}", 2..14).prop_map(move |titles| {
        json!({"type": "list", "elements": [
            {"type": "text", "text": "Which?"},
            {"type": "sectionList", "elements": [{"type": "section", "sectionID": "s", "elements": [{"type": "checklist", "elements": titles.iter().map(|title| row(title)).collect::<Vec<_>>()}]}]},
            {"type": "buttonList", "elements": [{"type": "submitButton", "title": "OK", "click": {"actions": [{"type": "submitAsText"}]}}]}]})
    });
    let sections = prop::collection::vec(prop::collection::vec("[a-z]{1,40}", 1..8), 1..6).prop_map(|sections| {
        let section = |titles: &Vec<String>| {
            let mut inner = vec![json!({"type": "text", "text": "Part"})];
            inner.extend(titles.iter().map(|title| tap(title)));
            json!({"type": "horizontal", "elements": [{"type": "vertical", "elements": inner}]})
        };
        json!({"type": "vertical", "tag": "list", "elements": [{"type": "vertical", "elements": sections.iter().map(section).collect::<Vec<_>>()}]})
    });
    let times = prop::collection::vec(0_i64..2_000_000, 1..30).prop_map(|starts| {
        let slot = |(at, start): (usize, &i64)| json!({"type": "scheduleSlot", "id": at.to_string(), "start": start});
        json!({"type": "button", "title": "When?", "click": {"actions": [{"type": "scheduleSlotList", "slots": starts.iter().enumerate().map(slot).collect::<Vec<_>>()}]}})
    });
    let place = Just(json!({"type": "map", "la": 1, "lo": 2, "tooltip": "A place with a name that is not short"}));
    let link = Just(json!({"type": "linkPreview", "url": "https://a.test/x", "title": "A title that is not short"}));
    let cards = prop::collection::vec(any_card(), 2..8).prop_map(|cards| json!({"type": "carousel", "elements": cards}));
    let one = prop_oneof![3 => any_card(), 3 => cards, 1 => boxes, 1 => sections, 1 => times, 1 => place, 1 => link];
    prop::collection::vec(one, 1..4).prop_map(|mut all| match all.len() {
        1 => all.remove(0),
        _ => json!({"type": "vertical", "elements": all}),
    })
}

fn any_buttons() -> impl Strategy<Value = ButtonLimits> {
    (1_usize..6, 4_usize..30, 0_usize..6, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(max, label, links, mixed, places, reported)| ButtonLimits {
            max,
            label,
            links: links.min(max),
            mixed,
            places,
            days: false,
            reported,
        },
    )
}

fn any_limits() -> impl Strategy<Value = Structured> {
    let chips = (1_usize..3, any_buttons(), 3_usize..14, prop::option::of(10_usize..200), any::<bool>(), 0_usize..4).prop_map(
        |(min, buttons, max, text, below_all, per_row)| ChipLimits {
            min,
            buttons: ButtonLimits { max, ..buttons },
            text,
            below_all,
            per_row,
        },
    );
    let card =
        (any_buttons(), 20_usize..100, 20_usize..200, prop::option::of(40_usize..200), prop::option::of(4_usize..8), any::<[bool; 3]>())
            .prop_map(|(buttons, title, subtitle, together, parts, [needs_image, needs_title, needs_more])| CardLimits {
                title,
                subtitle,
                together,
                parts,
                needs_image,
                needs_title,
                needs_more,
                buttons,
            });
    let card = card.boxed();
    let carousel = (
        2_usize..11,
        prop::option::of(20_usize..100),
        card.clone(),
        prop::option::of(0_usize..3),
        any::<[bool; 3]>(),
        prop::option::of(400_usize..4_000),
    )
        .prop_map(|(max, text, card, breaks, [buttons, image, title], bytes)| CarouselLimits {
            min: 2,
            max,
            text,
            card,
            breaks,
            uniform: Uniform { buttons, image, title },
            bytes,
        });
    let list = (
        3_usize..20,
        1_usize..6,
        20_usize..200,
        8_usize..40,
        0_usize..80,
        8_usize..40,
        prop_oneof![Just(0_usize), 8_usize..30],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(rows, sections, text, title, description, heading, button, images, multiple)| ListLimits {
            rows,
            sections,
            text,
            title,
            description,
            heading,
            button,
            images,
            multiple,
        });
    let units = prop_oneof![Just(Unit::Codepoint), Just(Unit::Utf16)];
    let first = (units, prop::option::of(0_usize..300), prop::option::of(chips), prop::option::of((20_usize..400, any_buttons())));
    let second = (prop::option::of(card), prop::option::of(carousel), prop::option::of(list), prop::option::of(0_usize..40));
    let third = (prop::option::of((10_usize..60, 0_usize..4)), prop::option::of((1_usize..20, 10_usize..60)), prop::bool::weighted(0.1));
    (first, second, third).prop_map(|((unit, picture, chips, buttons), (card, carousel, list, place), (link, times, one_way))| Structured {
        neutral: false,
        one_way,
        unit,
        marks: &[],
        picture: picture.map(|caption| PictureLimits { caption }),
        chips,
        buttons: buttons.map(|(text, buttons)| TextButtons { text, buttons }),
        card,
        carousel,
        list,
        place: place.map(|name| PlaceLimits { name }),
        link: link.map(|(title, max)| LinkLimits { title, max }),
        times: times.map(|(max, title)| TimesLimits { max, title }),
    })
}

/// What is out of a channel's limits.
struct Inspector<'a> {
    can: &'a Structured,
    limit: &'a TextLimit,
    tokens: Vec<String>,
    texts: String,
}

impl Inspector<'_> {
    fn within(&self, text: &str, most: usize, what: &str) {
        assert!(measure(text, self.can.unit) <= most, "{what}: {text:?} is longer than {most}");
    }

    fn buttons(&mut self, buttons: &[NativeButton], limits: &ButtonLimits) {
        assert!(buttons.len() <= limits.max, "{buttons:?}");
        let leads = |one: &&NativeButton| matches!(one, NativeButton::Open { .. } | NativeButton::Place { .. });
        let links = buttons.iter().filter(leads).count();
        assert!(links <= limits.links && (limits.mixed || links == 0 || links == buttons.len()), "{buttons:?} {limits:?}");
        for button in buttons {
            assert!(!button.label().is_empty());
            self.within(button.label(), limits.label, "label");
            assert!(limits.places || !matches!(button, NativeButton::Place { .. }));
            if matches!(button, NativeButton::Tap(_)) || limits.reported {
                self.tokens.push(button.token().to_owned());
            }
            // What is not reported is not asked after, but it was there to tap.
            if !limits.reported && leads(&button) {
                self.tokens.push(button.token().to_owned());
            }
        }
    }

    fn card(&mut self, card: &NativeCard, limits: &CardLimits) {
        self.within(&card.title, limits.title, "title");
        let subtitle = card.subtitle.as_deref().unwrap_or_default();
        self.within(subtitle, limits.subtitle, "subtitle");
        if let Some(together) = limits.together {
            self.within(format!("{}\n{subtitle}", card.title).trim(), together, "together");
        }
        assert!(!limits.needs_title || !card.title.is_empty());
        assert!(!limits.needs_image || card.image.is_some());
        let parts = usize::from(card.image.is_some())
            + usize::from(!card.title.is_empty())
            + usize::from(card.subtitle.is_some())
            + card.buttons.len();
        assert!(limits.parts.is_none_or(|most| parts <= most), "{card:?} {limits:?}");
        self.buttons(&card.buttons, &limits.buttons);
    }

    fn message(&mut self, message: &Native) {
        if !message.chips.is_empty() {
            let chips = self.can.chips.expect("chips are offered");
            self.buttons(&message.chips, &chips.buttons);
            match &message.form {
                Form::Text(text) => assert!(chips.text.is_none_or(|most| measure(text, self.can.unit) <= most.max("Options".len()))),
                _ => assert!(chips.below_all, "{message:?}"),
            }
        }
        let limit = usize::try_from(self.limit.max).expect("small");
        match &message.form {
            Form::Text(text) => {
                assert!(!text.trim().is_empty() && measure(text, self.limit.unit) <= limit);
                self.texts.push_str(text);
                self.texts.push('\n');
            }
            Form::Picture { caption, .. } => {
                let picture = self.can.picture.expect("pictures are offered");
                let caption = caption.clone().unwrap_or_default();
                self.within(&caption, picture.caption, "caption");
                self.texts.push_str(&caption);
                self.texts.push('\n');
            }
            Form::Buttons { text, buttons } => {
                let limits = self.can.buttons.expect("buttons are offered");
                assert!(!text.is_empty() && !buttons.is_empty());
                self.within(text, limits.text, "text");
                self.texts.push_str(text);
                self.texts.push('\n');
                self.buttons(buttons, &limits.buttons);
            }
            Form::Card(card) => {
                let limits = self.can.card.expect("cards are offered");
                self.texts.push_str(&card.title);
                self.texts.push('\n');
                self.card(card, &limits);
            }
            Form::Carousel { text, cards } => {
                let limits = self.can.carousel.expect("carousels are offered");
                assert!((limits.min..=limits.max).contains(&cards.len()) || limits.bytes.is_some(), "{}", cards.len());
                assert_eq!(text.is_some(), limits.text.is_some());
                self.within(text.as_deref().unwrap_or_default(), limits.text.unwrap_or_default(), "text");
                cards.iter().for_each(|card| self.card(card, &limits.card));
                let same = |of: &dyn Fn(&NativeCard) -> bool| cards.iter().all(|card| of(card) == of(&cards[0]));
                assert!(!limits.uniform.image || same(&|card| card.image.is_some()));
                assert!(!limits.uniform.buttons || cards.iter().all(|card| card.buttons.len() == cards[0].buttons.len()));
            }
            Form::List(list) => {
                let limits = self.can.list.expect("lists are offered");
                self.within(&list.text, limits.text, "text");
                self.texts.push_str(&list.text);
                self.texts.push('\n');
                self.within(&list.button, limits.button, "opener");
                assert_eq!(list.button.is_empty(), limits.button == 0);
                assert!(
                    list.sections.len() <= limits.sections && list.sections.iter().map(|one| one.rows.len()).sum::<usize>() <= limits.rows
                );
                for section in &list.sections {
                    assert!(list.sections.len() == 1 || section.title.is_some());
                    self.within(section.title.as_deref().unwrap_or_default(), limits.heading, "heading");
                    assert!(limits.multiple || !section.multiple);
                    for row in &section.rows {
                        self.within(&row.tap.label, limits.title, "row");
                        self.within(row.description.as_deref().unwrap_or_default(), limits.description, "description");
                        assert!(limits.images || row.image.is_none());
                        self.tokens.push(row.tap.token.clone());
                    }
                }
            }
            Form::Place(place) => {
                let limits = self.can.place.expect("places are offered");
                self.within(place.name.as_deref().unwrap_or_default(), limits.name, "name");
            }
            Form::Link(link) => self.within(&link.title, self.can.link.expect("links are offered").title, "title"),
            Form::Times(times) => {
                let limits = self.can.times.expect("times are offered");
                assert!(times.times.len() <= limits.max);
                self.within(&times.title, limits.title, "title");
                self.tokens.extend(times.times.iter().map(|time| time.tap.token.clone()));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn nothing_exceeds_a_limit_and_every_answer_is_reachable(
        body in any_body(),
        titles in prop::collection::vec("[a-z]{1,30}", 0..20),
        can in any_limits(),
        max in 120_u32..900,
    ) {
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let below = (!titles.is_empty()).then(|| replies(&titles));
        let limit = TextLimit { max, unit: Unit::Codepoint, segments: false };
        let mut shown = shown(outline(&body, below.as_ref()));
        let offered = shown.outline.offered(&shown.words).choices.len();
        let mut inspector = Inspector { can: &can, limit: &limit, tokens: Vec::new(), texts: String::new() };
        let mut pages = vec![Page::First];
        let mut seen = Vec::new();
        while let Some(page) = pages.pop() {
            prop_assert!(!seen.contains(&page), "{page:?} leads to itself");
            seen.push(page);
            shown.page = page;
            let made = shown.native(&limit, &can);
            prop_assert_eq!(&made, &shown.native(&limit, &can), "twice gives the same");
            prop_assert!(!made.messages.is_empty());
            made.messages.iter().for_each(|message| inspector.message(message));
            pages.extend(made.more.map(Page::Typed));
            let further = inspector.tokens.iter().filter_map(|token| token.strip_prefix("t.m")).map(|at| Page::Tapped(at.parse().expect("a number")));
            pages.extend(further);
            inspector.tokens.retain(|token| !token.starts_with("t.m"));
        }
        let Inspector { tokens, texts, .. } = inspector;
        for place in (0..offered).filter(|_| !can.one_way) {
            let number = format!("{}. ", place + 1);
            prop_assert!(tokens.contains(&format!("t.{place}")) || texts.lines().any(|line| line.starts_with(&number)), "{place} is out of reach: {shown:?} {can:?}");
        }
        for token in tokens.iter().filter(|token| !token.is_empty()) {
            let place: usize = token[2..].parse().expect("a number");
            prop_assert!(!can.one_way && place < offered);
        }
    }
}
