//! The golden scenarios in the forms of a channel with cards and chips.

use super::*;
use crate::capabilities::{TextLimit, Unit};
use crate::split::measure;
use crate::structured::{ButtonLimits, CardLimits, CarouselLimits, ChipLimits, Structured, TextButtons};
use proptest::prelude::*;
use serde_json::{Value, json};

const TEXT: TextLimit = TextLimit { max: 640, unit: Unit::Codepoint, segments: false };

fn can() -> Structured {
    Structured {
        chips: Some(ChipLimits::new(13, 20)),
        buttons: Some(TextButtons { text: 640, buttons: ButtonLimits::new(3, 20) }),
        card: Some(CardLimits::new(80, 80, ButtonLimits::new(3, 20))),
        carousel: Some(CarouselLimits::new(10, CardLimits::new(80, 80, ButtonLimits::new(3, 20)))),
        ..Structured::default()
    }
}

fn rules() -> Rules<'static> {
    Rules { max_bytes: 1 << 20, image_hosts: &[], now_s: 0 }
}

fn native(value: &Value, replies: Option<&Value>) -> Adaptation {
    let rich = read(&value.to_string(), &rules()).content.unwrap_or_else(|| panic!("{value}"));
    let replies = replies.map(|value| read_quick_replies(&value.to_string(), &rules()).content.expect("replies"));
    Outline::of(&rich, replies.as_ref()).native(&TEXT, &can(), &Words::default(), "t")
}

fn chips(text: &str, titles: &[&str]) -> Adaptation {
    let replies = json!({"type": "quickReplies", "itemsPerRow": 8, "replies": titles.iter().map(|title| tap(title)).collect::<Vec<_>>()});
    let replies = read_quick_replies(&replies.to_string(), &rules()).content.expect("replies");
    Outline::of_text(text, Some(&replies)).native(&TEXT, &can(), &Words::default(), "t")
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
            Form::Picture { url, .. } => format!("image {url}"),
            Form::Card(card) => format!("card {}", element(card)),
            Form::Buttons { text, buttons: all } => format!("buttons {text}{}", buttons(all)),
            Form::Carousel { cards, .. } => format!("carousel {}", cards.iter().map(element).collect::<Vec<_>>().join(" / ")),
            other => panic!("{other:?}"),
        };
        message.chips.iter().fold(form, |form, chip| format!("{form} ({} {})", chip.label(), chip.token()))
    };
    made.messages.iter().map(one).collect()
}

#[test]
fn chips_stand_below_the_text() {
    let made = chips("Shall we?", &["Yes", "No", "Later"]);
    assert_eq!((brief(&made), made.losses.len()), (vec!["Shall we? (Yes t.0) (No t.1) (Later t.2)".to_owned()], 0));
    let long = chips(&"word ".repeat(200), &["Yes"]);
    assert_eq!(long.messages.iter().map(|one| one.chips.len()).collect::<Vec<_>>(), [0, 1], "on the last part only");
}

#[test]
fn labels_are_cut_while_they_can_be_told_apart() {
    let one = chips("?", &["A label of thirty-two characters", "Yes", "No"]);
    assert_eq!(brief(&one), ["? (A label of thirty-t… t.0) (Yes t.1) (No t.2)"]);
    let same = chips("?", &["Change my delivery address today", "Change my delivery address tomorrow"]);
    let expected = "?\n\n1. Change my delivery address today\n2. Change my delivery address tomorrow\nReply with a number. (1 t.0) (2 t.1)";
    assert_eq!((brief(&same), same.losses.len()), (vec![expected.to_owned()], 1));
    let family = "👨‍👩‍👧‍👦".repeat(6);
    let cut = chips("?", &[&family, "Yes", "No"]);
    assert!(
        cut.messages[0].chips[0].label().chars().count() <= 20
            && family.starts_with(cut.messages[0].chips[0].label().trim_end_matches('…'))
    );
}

#[test]
fn more_chips_than_there_is_room_for_are_numbered() {
    let titles: Vec<String> = (1..=15).map(|at| format!("T{at}")).collect();
    let made = chips("?", &titles.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((made.messages.len(), made.messages[0].chips.len()), (1, 0));
    assert!(brief(&made)[0].contains("\n15. T15\nReply with a number."));
}

#[test]
fn a_card_with_everything() {
    let navigate = json!({"type": "button", "title": "Find us", "click": {"actions": [{"type": "navigate", "la": 1, "lo": 2}]}});
    let made = native(&card(true, "Blue kettle", "1.7 l", vec![tap("Buy"), open("Details"), navigate]), None);
    assert_eq!((brief(&made), made.losses.len()), (vec!["card image Blue kettle|1.7 l[Buy t.0][Details ->][Find us ->]".to_owned()], 0));
    let long = "x".repeat(90);
    let made = native(&card(true, "Blue kettle", &long, vec![tap("Buy")]), None);
    assert_eq!((brief(&made), made.losses.len()), (vec![format!("Blue kettle\n{long}"), "card image Blue kettle|[Buy t.0]".to_owned()], 1));
    let both = json!({"type": "button", "title": "Both", "click": {"actions": [{"type": "link", "uri": "https://a.test"}, {"type": "publishText", "text": "x"}]}});
    let made = native(&card(true, "T", "", vec![both, tap("Next")]), None);
    assert_eq!((brief(&made), made.losses.len()), (vec!["card image T|[Both ->][Next t.1]".to_owned()], 1), "places count as in text");
}

#[test]
fn more_buttons_than_a_card_has_stand_below_it() {
    let made = native(&card(false, "Which?", "", ["a", "b", "c", "d", "e"].iter().map(|title| tap(title)).collect()), None);
    assert_eq!(brief(&made), ["buttons Which?[a t.0][b t.1][c t.2] (d t.3) (e t.4)"]);
    let long = native(
        &card(false, "?", "", ["Change my address today", "Call me back tomorrow", "c", "d", "e"].iter().map(|title| tap(title)).collect()),
        None,
    );
    let expected = "?\n\n1. Change my address today\n2. Call me back tomorrow\n3. c\n4. d\n5. e\nReply with a number.";
    assert_eq!(brief(&long), [expected], "what stands on the card alone must be readable");
    let links = native(&card(false, "Which?", "", vec![tap("a"), tap("b"), tap("c"), open("d")]), None);
    assert_eq!(brief(&links), ["Which?\n\n1. a\n2. b\n3. c\nd: https://a.test/1\nReply with a number."]);
    assert_eq!(links.losses.len(), 1);
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
    assert!(made.losses.iter().any(|loss| loss.contains("side by side")));
    assert_eq!(made.messages.len(), 2);
}

#[test]
fn what_has_no_form_becomes_text() {
    let tick = |title: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": title}]}});
    let list = json!({"type": "list", "elements": [
        {"type": "text", "text": "Which?"},
        {"type": "sectionList", "elements": [{"type": "section", "sectionID": "s", "elements": [{"type": "checklist", "elements": [tick("a"), tick("b")]}]}]},
        {"type": "buttonList", "elements": [{"type": "submitButton", "title": "OK", "click": {"actions": [{"type": "submitAsText"}]}}]}]});
    assert_eq!(brief(&native(&list, None)), ["Which?\n1. a\n2. b\nReply with numbers, for example 1,3."]);
    let image = json!({"type": "image", "url": "https://a.test/k.png"});
    assert_eq!(brief(&native(&image, None)), ["image https://a.test/k.png"]);
    let none = read(&card(false, "T", "", vec![tap("a")]).to_string(), &rules()).content.expect("good");
    let plain = Outline::of(&none, None).native(&TEXT, &Structured::default(), &Words::default(), "t");
    assert_eq!(brief(&plain), ["T\n\n1. a\nReply with a number."]);
}

fn any_card() -> impl Strategy<Value = Value> {
    let button = ("[a-z ]{1,40}", any::<bool>())
        .prop_filter_map("a title", |(title, says)| (!title.trim().is_empty()).then(|| if says { tap(&title) } else { open(&title) }));
    let texts = ("\\PC{1,120}", "\\PC{0,120}").prop_filter("a title", |(title, _)| !title.trim().is_empty());
    (any::<bool>(), texts, prop::collection::vec(button, 0..7))
        .prop_map(|(image, (title, subtitle), buttons)| card(image, &title, subtitle.trim(), buttons))
}

proptest! {
    #[test]
    fn nothing_exceeds_a_limit_and_every_answer_is_reachable(cards in prop::collection::vec(any_card(), 1..6), replies in prop::collection::vec("[a-z]{1,30}", 0..20)) {
        let body = if cards.len() == 1 { cards[0].clone() } else { json!({"type": "carousel", "elements": cards}) };
        let replies = (!replies.is_empty()).then(|| json!({"type": "quickReplies", "replies": replies.iter().map(|title| tap(title)).collect::<Vec<_>>()}));
        let made = native(&body, replies.as_ref());
        prop_assert_eq!(&made, &native(&body, replies.as_ref()), "twice gives the same");
        let mut seen = Vec::new();
        let mut texts = String::new();
        let see = |button: &NativeButton, seen: &mut Vec<String>| {
            if let NativeButton::Tap(tap) = button {
                seen.push(tap.token.clone());
            }
            assert!(button.label().chars().count() <= 20, "{button:?}");
        };
        for message in &made.messages {
            prop_assert!(message.chips.len() <= 13);
            for chip in &message.chips {
                prop_assert!(chip.label().chars().count() <= 20);
                seen.push(chip.token().to_owned());
            }
            match &message.form {
                Form::Text(text) => { prop_assert!(!text.is_empty() && measure(text, Unit::Codepoint) <= 640); texts.push_str(text); texts.push('\n'); }
                Form::Picture { .. } => {}
                Form::Card(card) => { prop_assert!(card.title.chars().count() <= 80); card.buttons.iter().for_each(|one| see(one, &mut seen)); }
                Form::Buttons { text, buttons } => { prop_assert!(measure(text, Unit::Codepoint) <= 640 && buttons.len() <= 3); buttons.iter().for_each(|one| see(one, &mut seen)); }
                Form::Carousel { cards, .. } => {
                    prop_assert!((1..=10).contains(&cards.len()));
                    for card in cards {
                        prop_assert!(card.title.chars().count() <= 80 && card.buttons.len() <= 3);
                        card.buttons.iter().for_each(|one| see(one, &mut seen));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        // Taps and numbers count alike.
        let rich = read(&body.to_string(), &rules()).content.expect("good");
        let chips = replies.as_ref().map(|value| read_quick_replies(&value.to_string(), &rules()).content.expect("replies"));
        let offered = Outline::of(&rich, chips.as_ref()).numbered(&Words::default(), true).offered;
        for place in 0..offered.choices.len() {
            let token = format!("t.{place}");
            let number = format!("{}. ", place + 1);
            prop_assert!(seen.contains(&token) || texts.lines().any(|line| line.starts_with(&number)), "{} is out of reach: {:?}", place, made);
        }
        for token in &seen {
            let place: usize = token[2..].parse().expect("a number");
            prop_assert!(place < offered.choices.len());
        }
    }
}
