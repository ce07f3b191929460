//! The scenarios by their numbers in the public comparison of channels: one test each.

use super::limits::*;
use super::*;
use antiphon_content::{Encoding, measure, segments};

const MAP: &str = "https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=17/52.5/13.4";

#[test]
fn g1_a_short_text_stays_as_it_is() {
    let text = "Your parcel is on its way, see https://a.test/track/1234567";
    for limits in [messenger(), instagram(), whatsapp(), line(), RCS, GOOGLE, APPLE, TELEGRAM, VIBER, SMS] {
        assert_eq!(parts(&limits, text), [text]);
        let made = on(&limits, &Outline::of_text(text, None));
        assert_eq!((brief(&made), made.losses), (vec![text.to_owned()], Vec::new()));
    }
}

#[test]
fn g2_a_long_text_is_cut_between_words() {
    let text = vec!["abcdefghi"; 480].join(" ");
    let check = |limits: Limits, expected: &[usize]| {
        let parts = parts(&limits, &text);
        let words: Vec<usize> = parts.iter().map(|part| part.split(' ').count()).collect();
        assert_eq!(words, expected);
        assert_eq!(parts.join(" "), text);
    };
    check(messenger(), &[64, 64, 64, 64, 64, 64, 64, 32]);
    check((TextLimit { max: 2_000, ..messenger().0 }, messenger().1), &[200, 200, 80]);
    check(instagram(), &[100, 100, 100, 100, 80]);
    check(whatsapp(), &[409, 71]);
    check(TELEGRAM, &[409, 71]);
    check(line(), &[480]);
    check(VIBER, &[480]);
    check(RCS, &[307, 173]);
    check(GOOGLE, &[307, 173]);
    check(APPLE, &[300, 180]);
    check(SMS, &[160, 160, 160]);
    check((TextLimit { max: 1_224, ..SMS.0 }, SMS.1), &[122, 122, 122, 114]);
    assert_eq!(parts(&SMS, &text).iter().map(|part| segments(part).segments).collect::<Vec<_>>(), [11, 11, 11]);
}

#[test]
fn g3_nothing_is_cut_that_belongs_together() {
    let url = format!("https://a.test/{}", "x".repeat(65));
    let text = format!("{} {url} {}", "a".repeat(630), vec!["word"; 20].join(" "));
    assert!(parts(&messenger(), &text)[1].starts_with(&url));
    let family = "👨‍👩‍👧‍👦";
    let straddling = format!("{}{family}{}", "a".repeat(636), "b".repeat(40));
    assert!(parts(&messenger(), &straddling).iter().any(|part| part.contains(family)));
    let kana = parts(&instagram(), &"あ".repeat(400));
    assert_eq!(kana.iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [333, 67]);
    let bold = format!("Mind *{}*", vec!["this"; 1_000].join(" "));
    let cut = parts(&whatsapp(), &bold);
    assert!(cut.len() > 1 && cut.iter().all(|part| part.matches('*').count() == 2 && measure(part, whatsapp().0.unit) <= 4_096));
}

#[test]
fn g4_one_curly_apostrophe_makes_three_segments() {
    let text = format!("{}’", "a".repeat(155));
    let counted = segments(&text);
    assert_eq!((counted.encoding, counted.units, counted.segments), (Encoding::Ucs2, 156, 3));
}

#[test]
fn g5_three_chips() {
    let outline = asked("Shall we?", &replies(vec![tap("Yes", "yep", "a"), tap("No", "nope", "b"), tap("Later", "later please", "c")]));
    for limits in [messenger(), instagram(), whatsapp(), line(), RCS, GOOGLE, APPLE, TELEGRAM, VIBER] {
        let made = on(&limits, &outline);
        assert_eq!((brief(&made), made.losses), (vec!["Shall we? (Yes T.0) (No T.1) (Later T.2)".to_owned()], Vec::new()));
    }
    assert_eq!(brief(&on(&SMS, &outline)), ["Shall we?\n\n1. Yes\n2. No\n3. Later\nReply with a number."]);
    // A tap on the second and a typed 2 are the same answer.
    let offered = outline.offered(&Words::default());
    assert_eq!(said(&offered, 1), ("nope".to_owned(), vec!["b".to_owned()]));
    assert_eq!(offered.typed("2"), offered.at(1));
}

#[test]
fn g6_fifteen_chips() {
    let titles: Vec<String> = (1..=15).map(|at| format!("T{at}")).collect();
    let outline = asked("Which?", &replies(titles.iter().map(|title| tap(title, title, title)).collect()));
    let chips = |limits: &Limits| on(limits, &outline).messages.iter().map(|one| one.chips.len()).collect::<Vec<_>>();
    for limits in [messenger(), instagram(), line(), GOOGLE] {
        let made = on(&limits, &outline);
        assert_eq!((made.messages.len(), made.messages[0].chips.len()), (1, 13));
        assert_eq!(made.messages[0].chips[12].token(), "T.m12");
        assert_eq!(brief(&page(&limits, &outline, Page::Tapped(12))), ["Which? (T13 T.12) (T14 T.13) (T15 T.14)"]);
    }
    assert_eq!((chips(&RCS), chips(&VIBER)), (vec![11], vec![11]));
    assert_eq!((chips(&TELEGRAM), on(&TELEGRAM, &outline).messages[0].per_row), (vec![15], 8));
    let whatsapp = brief(&on(&whatsapp(), &outline));
    assert!(whatsapp[0].starts_with("list Which?|Options|<T1 T.0>") && whatsapp[0].ends_with("<T9 T.8><More T.m9>"), "{whatsapp:?}");
    let apple = brief(&on(&APPLE, &outline));
    assert!(apple[0].starts_with("list Which?||<T1 T.0>") && apple[0].ends_with("<T15 T.14>"), "{apple:?}");
    assert!(brief(&on(&SMS, &outline))[0].contains("\n15. T15\n"));
    assert_eq!(said(&outline.offered(&Words::default()), 13), ("T14".to_owned(), vec!["T14".to_owned()]));
}

#[test]
fn g7_long_labels() {
    let (today, tomorrow) = ("Change my delivery address today", "Change my delivery address tomorrow");
    let outline = asked("Which?", &replies(vec![tap(today, "a", "a"), tap(tomorrow, "b", "b")]));
    let text = format!("Which?\n\n1. {today}\n2. {tomorrow}\nReply with a number.");
    for limits in [messenger(), instagram(), whatsapp(), line(), RCS, GOOGLE, VIBER] {
        assert_eq!(brief(&on(&limits, &outline)), [format!("{text} (1 T.0) (2 T.1)")]);
    }
    for limits in [APPLE, TELEGRAM] {
        assert_eq!(brief(&on(&limits, &outline)), [format!("Which? ({today} T.0) ({tomorrow} T.1)")]);
    }
    let one = asked("Which?", &replies(vec![tap(today, "a", "a"), tap("Yes", "b", "b"), tap("No", "c", "c")]));
    assert_eq!(brief(&on(&messenger(), &one)), ["Which? (Change my delivery… T.0) (Yes T.1) (No T.2)"]);
    assert_eq!(brief(&on(&RCS, &one)), ["Which? (Change my delivery addre… T.0) (Yes T.1) (No T.2)"]);
}

fn kettle() -> Value {
    let find = json!({"type": "button", "title": "Find us", "click": {"actions": [{"type": "navigate", "la": 52.5, "lo": 13.4}]}});
    let buttons = vec![tap("Buy", "buy", "k-buy"), open("Details", "https://a.test/d"), find];
    let subtitle = "A kettle of 1.7 litres that boils fast and stays warm for two hours ok";
    a_card(Some("https://a.test/k.png"), "Blue kettle for your kitchen ok", subtitle, buttons)
}

#[test]
fn g8_a_card_with_everything() {
    let outline = outline(&kettle(), None, &[]);
    let (title, subtitle) = ("Blue kettle for your kitchen ok", "A kettle of 1.7 litres that boils fast and stays warm for two hours ok");
    let check = |limits: Limits, expected: &[String]| assert_eq!(brief(&on(&limits, &outline)), expected);
    let map = tail(MAP);
    let card = format!("card k.png {title}|{subtitle}[Buy T.0][Details -> d][Find us -> {map}]");
    for limits in [messenger(), instagram(), line(), GOOGLE, TELEGRAM, VIBER] {
        check(limits, std::slice::from_ref(&card));
    }
    check(RCS, &[format!("card k.png {title}|{subtitle}[Buy T.0][Details -> d][Find us -> place]")]);
    check(whatsapp(), &[format!("card k.png {title}|{subtitle}\nDetails: https://a.test/d\nFind us: {MAP}[Buy T.0]")]);
    check(
        APPLE,
        &[
            format!("picture k.png {title}\n{subtitle}"),
            "list Options||<Buy T.0>".to_owned(),
            "link Details d".to_owned(),
            format!("link Find us {map}"),
        ],
    );
    let options = format!("1. Buy\nDetails: https://a.test/d\nFind us: {MAP}\nReply with a number.");
    check(SMS, &[format!("{title}\n{subtitle}\nhttps://a.test/k.png\n\n{options}")]);
    check(MMS, &[format!("picture k.png {title}\n{subtitle}\n\n{options}")]);
}

#[test]
fn g9_a_card_with_five_buttons() {
    let buttons = ["a", "b", "c", "d", "e"].map(|title| tap(title, title, title)).to_vec();
    let outline = outline(&a_card(None, "Which one?", "", buttons), None, &[]);
    let check = |limits: Limits, expected: &str| assert_eq!(brief(&on(&limits, &outline)), [expected]);
    check(messenger(), "buttons Which one?[a T.0][b T.1][c T.2] (d T.3) (e T.4)");
    check(instagram(), "buttons Which one?[a T.0][b T.1][c T.2] (d T.3) (e T.4)");
    check(whatsapp(), "list Which one?|Options|<a T.0><b T.1><c T.2><d T.3><e T.4>");
    check(line(), "card Which one?|[a T.0][b T.1][c T.2][d T.3][e T.4]");
    check(RCS, "card Which one?|[a T.0][b T.1][c T.2][d T.3] (e T.4)");
    check(GOOGLE, "card Which one?|[a T.0][b T.1][c T.2][d T.3] (e T.4)");
    check(VIBER, "card Which one?|[a T.0][b T.1][c T.2][d T.3][e T.4]");
    check(APPLE, "Which one? (a T.0) (b T.1) (c T.2) (d T.3) (e T.4)");
    check(TELEGRAM, "buttons Which one?[a T.0][b T.1][c T.2][d T.3][e T.4]");
    check(SMS, "Which one?\n\n1. a\n2. b\n3. c\n4. d\n5. e\nReply with a number.");
}

fn uniform() -> Value {
    let card = |at: usize| {
        let buttons = vec![tap("Buy", &format!("buy {at}"), &format!("b{at}")), tap("Ask", &format!("ask {at}"), &format!("a{at}"))];
        a_card(Some(&format!("https://a.test/{at}.png")), &format!("Card {at}"), &format!("Text {at}"), buttons)
    };
    json!({"type": "carousel", "alt": "Our kettles", "elements": (0..4).map(card).collect::<Vec<_>>()})
}

#[test]
fn g10_a_carousel_of_cards_alike() {
    let outline = outline(&uniform(), None, &[]);
    let card = |at: usize| format!("{at}.png Card {at}|Text {at}[Buy T.{}][Ask T.{}]", 2 * at, 2 * at + 1);
    let cards = (0..4).map(card).collect::<Vec<_>>();
    for limits in [messenger(), instagram(), line(), RCS, GOOGLE, VIBER] {
        assert_eq!(brief(&on(&limits, &outline)), [format!("carousel {}", cards.join(" / "))]);
    }
    assert_eq!(brief(&on(&whatsapp(), &outline)), [format!("carousel Our kettles: {}", cards.join(" / "))]);
    assert_eq!(brief(&on(&TELEGRAM, &outline)), cards.iter().map(|card| format!("card {card}")).collect::<Vec<_>>());
    let row = |at: usize| format!("<Card {} – {} (Text {}) T.{at}>", at / 2, ["Buy", "Ask"][at % 2], at / 2);
    assert_eq!(brief(&on(&APPLE, &outline)), [format!("list Options||{}", (0..8).map(row).collect::<String>())]);
    let sms = brief(&on(&SMS, &outline));
    assert_eq!((sms.len(), sms[0].matches("\n8. Ask\nReply with a number.").count()), (1, 1));
    let offered = outline.offered(&Words::default());
    assert_eq!(offered.typed("6"), offered.at(5));
    assert_eq!(said(&offered, 5), ("ask 2".to_owned(), vec!["a2".to_owned()]));
}

#[test]
fn g11_a_carousel_of_cards_that_differ() {
    let card = |at: usize| {
        let image = format!("https://a.test/{at}.png");
        let buttons = match at {
            4 => ["x", "y", "z"].map(|title| tap(title, title, title)).to_vec(),
            _ => vec![open("Open it", "https://a.test/o")],
        };
        a_card((at != 1).then_some(image.as_str()), &format!("Card {at}"), "Text", buttons)
    };
    let body = json!({"type": "carousel", "elements": (0..10).map(card).collect::<Vec<_>>()});
    let outline = outline(&body, None, &[]);
    let sizes = |limits: &Limits| {
        let size = |one: &Native| if let Form::Carousel { cards, .. } = &one.form { cards.len() } else { 1 };
        on(limits, &outline).messages.iter().map(size).collect::<Vec<_>>()
    };
    for limits in [messenger(), instagram(), line(), RCS, GOOGLE] {
        assert_eq!(sizes(&limits), [10]);
    }
    assert_eq!((sizes(&VIBER), sizes(&whatsapp())), (vec![6, 4], vec![1; 10]));
    assert!(on(&whatsapp(), &outline).losses.iter().any(|loss| loss.reason == "uniformity"));
    let long = "https://a.test/".to_owned() + &"o".repeat(1_900);
    let heavy = |at: usize| a_card(Some(&long), &format!("Card {at}"), "Text", vec![open("Open it", &long)]);
    let body = json!({"type": "carousel", "elements": (0..10).map(heavy).collect::<Vec<_>>()});
    let halves = on(&line(), &super::outline(&body, None, &[]));
    assert!(halves.messages.len() > 1, "too heavy for one message");
}

#[test]
fn g13_a_checklist() {
    let tick = |title: &str, says: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": says}], "metadata": [{"type": "ExternalId", "id": says}]}});
    let group = |name: &str, boxes: Vec<Value>| json!({"type": "section", "sectionID": name, "elements": [{"type": "text", "text": name}, {"type": "checklist", "elements": boxes}]});
    let body = json!({"type": "list", "elements": [
        {"type": "text", "text": "Which?"},
        {"type": "sectionList", "elements": [
            group("Colours", vec![tick("Red", "red"), tick("Blue", "blue")]),
            group("Shapes", vec![tick("Round", "round"), tick("Oval", "oval"), tick("Square", "square")])]},
        {"type": "buttonList", "elements": [
            {"type": "submitButton", "title": "Continue", "click": {"actions": [{"type": "submitAsText"}], "metadata": [{"type": "ExternalId", "id": "go"}]}},
            tap("Back", "back", "bk")]}]});
    let outline = outline(&body, None, &[]);
    let apple = on(&APPLE, &outline);
    assert_eq!(brief(&apple), ["list Which?||Colours+: <Red T.0><Blue T.1> / Shapes+: <Round T.2><Oval T.3><Square T.4>"]);
    assert!(apple.losses.iter().any(|loss| loss.message.contains("Back")));
    let text = "Which?\nColours\n1. Red\n2. Blue\nShapes\n3. Round\n4. Oval\n5. Square\n6. Back\nReply with numbers, for example 1,3.";
    for limits in [messenger(), whatsapp(), line(), RCS, VIBER, SMS] {
        assert_eq!(brief(&on(&limits, &outline)), [text]);
    }
    let offered = outline.offered(&Words::default());
    let ids = |answer: Option<rich::Answer>| {
        answer.map(|one| (one.says.unwrap_or_default(), one.metadata.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>()))
    };
    let both = Some(("red, oval".to_owned(), vec![json!("red"), json!("oval"), json!("go")]));
    assert_eq!((ids(offered.typed("1,4")), ids(offered.all(&[3, 0]))), (both.clone(), both));
    assert_eq!(ids(offered.typed("6")), Some(("back".to_owned(), vec![json!("bk")])));
    assert_eq!(offered.typed("1,9"), None);
    assert_eq!(ids(offered.typed("2")), Some(("blue".to_owned(), vec![json!("blue"), json!("go")])));
}

#[test]
fn g14_a_list_picker() {
    let row = |at: usize| {
        json!({"type": "horizontal", "elements": [
            {"type": "image", "url": format!("https://a.test/{at}.png")},
            {"type": "vertical", "elements": [
                element("text", "title", &format!("Item {at}")), element("text", "subtitle", &format!("Text {at}")),
                tap("Choose", &format!("item {at}"), &format!("i{at}"))]}]})
    };
    let section = |name: &str, rows: &[usize]| {
        let mut inner = vec![json!({"type": "text", "text": name})];
        inner.extend(rows.iter().map(|at| row(*at)));
        json!({"type": "vertical", "elements": inner})
    };
    let body = json!({"type": "vertical", "tag": "list", "elements": [section("First", &[0, 1]), section("Second", &[2])]});
    let about = [json!({"type": "BusinessChatMessage", "multipleSelection": [false, false], "receivedMessage": {"title": "Choose"}})];
    let outline = outline(&body, None, &about);
    let rows = "First: <Item 0 (Text 0) T.0><Item 1 (Text 1) T.1> / Second: <Item 2 (Text 2) T.2>";
    assert_eq!(brief(&on(&APPLE, &outline)), [format!("list Options||{rows}")]);
    assert_eq!(brief(&on(&whatsapp(), &outline)), [format!("list Options|Options|{rows}")]);
    assert_eq!(brief(&on(&messenger(), &outline)), ["Options (Item 0 T.0) (Item 1 T.1) (Item 2 T.2)"]);
    let sms = "First\n1. Item 0 - Text 0\n2. Item 1 - Text 1\nSecond\n3. Item 2 - Text 2\nReply with a number.";
    assert_eq!(brief(&on(&SMS, &outline)), [sms]);
    assert_eq!(said(&outline.offered(&Words::default()), 2), ("item 2".to_owned(), vec!["i2".to_owned()]));
    // The other way of writing it.
    let with_more = |title: &str| json!({"type": "button", "title": title, "subtitle": "more", "click": {"actions": [{"type": "publishText", "text": title}]}});
    let group = |name: &str, titles: [&str; 2]| json!({"type": "horizontal", "elements": [{"type": "vertical", "elements": [{"type": "text", "text": name}, with_more(titles[0]), with_more(titles[1])]}]});
    let body = json!({"type": "vertical", "tag": "list", "elements": [{"type": "vertical", "elements": [
        element("text", "title", "What next?"), {"type": "button", "tag": "menu", "title": "See all", "click": {"actions": [{"type": "publishText", "text": "x"}]}},
        group("One", ["a", "b"]), group("Two", ["c", "d"])]}]});
    let whatsapp = brief(&on(&whatsapp(), &super::outline(&body, None, &[])));
    assert_eq!(whatsapp, ["list What next?|See all|One: <a (more) T.0><b (more) T.1> / Two: <c (more) T.2><d (more) T.3>"]);
}

/// Monday, 4 May 2026, 10:00 UTC.
const MONDAY: i64 = 1_777_888_800;

#[test]
fn g15_a_time_picker() {
    let slot = |id: &str, start: i64| json!({"type": "scheduleSlot", "id": id, "start": start, "end": start + 1_800});
    let slots = [("a", 0), ("b", 3_600), ("c", 7_200), ("d", 86_400), ("e", 90_000), ("f", 93_600)];
    let body = json!({"type": "button", "title": "When?", "click": {"actions": [{"type": "scheduleSlotList",
        "slots": slots.map(|(id, after)| slot(id, MONDAY + after)).to_vec()}]}});
    // The first is over.
    let outline = outline(&body, None, &[]).at(MONDAY + 60);
    let times = [("11:00", 0), ("12:00", 1), ("10:00", 2), ("11:00", 3), ("12:00", 4)];
    let day = |at: usize| if at < 2 { ("Mon", "Mon 2026-05-04", "2026-05-04") } else { ("Tue", "Tue 2026-05-05", "2026-05-05") };
    let long: String = times.iter().map(|(time, at)| format!("<{} {time} T.{at}>", day(*at).2)).collect();
    assert_eq!(brief(&on(&APPLE, &outline)), [format!("times When?|{long}")]);
    let rows =
        |range: std::ops::Range<usize>| times[range].iter().map(|(time, at)| format!("<{} {time} T.{at}>", day(*at).0)).collect::<String>();
    let list = format!("Mon 2026-05-04: {} / Tue 2026-05-05: {}", rows(0..2), rows(2..5));
    assert_eq!(brief(&on(&whatsapp(), &outline)), [format!("list When?|Options|{list}")]);
    let chips: String = times.iter().map(|(time, at)| format!(" ({} {time} T.{at})", day(*at).0)).collect();
    for limits in [messenger(), instagram(), RCS, GOOGLE, VIBER, TELEGRAM] {
        assert_eq!(brief(&on(&limits, &outline)), [format!("When?{chips}")]);
    }
    assert_eq!(brief(&on(&line(), &outline)), [format!("list When?||{list}")]);
    let sms = "When?\nMon 2026-05-04\n1. 2026-05-04 11:00\n2. 2026-05-04 12:00\nTue 2026-05-05\n3. 2026-05-05 10:00\n4. 2026-05-05 11:00\n5. 2026-05-05 12:00\nReply with a number.";
    assert_eq!(brief(&on(&SMS, &outline)), [sms]);
    assert_eq!(said(&outline.offered(&Words::default()), 2), ("2026-05-05 10:00".to_owned(), vec!["d".to_owned()]));
    let over = super::outline(&body, None, &[]).at(i64::MAX);
    assert_eq!(brief(&on(&messenger(), &over)), ["When?\n\nAll the times that were offered are over."]);
    // As boxes, each time among the objects that come back.
    let timed = |title: &str, start: &str| {
        json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}],
        "metadata": [{"type": "ExternalId", "id": title}, {"type": "BusinessEvent", "timing": {"startTime": start, "duration": 1_800}}]}})
    };
    let boxes = json!({"type": "vertical", "tag": "datePicker", "elements": [
        element("text", "Title", "When?"), element("text", "subtitle", "Half an hour"),
        {"type": "text", "text": "Monday"}, {"type": "horizontal", "elements": [timed("Early", "2026-05-04T10:00+0000"), timed("Late", "2026-05-04T18:00+0200")]}]});
    let outline = super::outline(&boxes, None, &[]);
    assert_eq!(brief(&on(&APPLE, &outline)), ["When?\nHalf an hour", "times When?|<Early T.0><Late T.1>"]);
}

#[test]
fn g16_a_question_for_a_span_of_days() {
    let picker = json!({"type": "datePicker", "class": "range", "title": "When?", "minDate": MONDAY, "maxDate": MONDAY + 7 * 86_400});
    let outline = outline(
        &json!({"type": "button", "title": "Pick", "click": {"actions": [picker], "metadata": [{"type": "ExternalId", "id": "d"}]}}),
        None,
        &[],
    );
    let german = Words::of("de", "Europe/Berlin");
    let shown = Presentation { outline: outline.clone(), words: german.clone(), token: "T".into(), page: Page::First };
    assert_eq!(shown.numbered(true).text, "When? (TT.MM.JJJJ - TT.MM.JJJJ, 04.05.2026 … 11.05.2026)");
    let offered = outline.offered(&german);
    let answer = offered.typed("4.5.2026 - 9.5.2026").expect("an answer");
    assert_eq!((answer.says.as_deref(), answer.metadata.len()), (Some("04.05.2026 - 09.05.2026"), 1));
    for wrong in ["3.5.2026 - 9.5.2026", "9.5.2026 - 4.5.2026", "4.5.2026", "next week"] {
        assert_eq!(offered.typed(wrong), None, "{wrong}");
    }
}

#[test]
fn g17_a_place() {
    let outline = outline(&json!({"type": "map", "la": 52.5, "lo": 13.4, "tooltip": "Our shop"}), None, &[]);
    let check = |limits: Limits, expected: &[&str]| assert_eq!(brief(&on(&limits, &outline)), expected);
    for limits in [whatsapp(), line(), TELEGRAM] {
        check(limits, &["place 52.5,13.4 Our shop"]);
    }
    check(VIBER, &["Our shop", "place 52.5,13.4 "]);
    check(RCS, &["Our shop (Open -> place)"]);
    let map = tail(MAP);
    for limits in [messenger(), instagram()] {
        check(limits, &[&format!("buttons Our shop[Open -> {map}]")]);
    }
    check(GOOGLE, &[&format!("card Our shop|[Open -> {map}]")]);
    check(APPLE, &[&format!("link Our shop {map}")]);
    check(SMS, &[&format!("Our shop\n{MAP}")]);
}

#[test]
fn g19_words_with_a_meaning_of_their_own_are_never_asked_for() {
    let outline =
        asked("What next?", &replies(vec![tap("Stop order", "stop it", "s"), tap("Cancel", "cancel it", "c"), tap("End", "end it", "e")]));
    assert_eq!(brief(&on(&SMS, &outline)), ["What next?\n\n1. Stop order\n2. Cancel\n3. End\nReply with a number."]);
    assert_eq!(outline.offered(&Words::default()).typed("2").and_then(|one| one.says).as_deref(), Some("cancel it"));
    assert!(antiphon_content::consent_keyword("CANCEL").is_some(), "it is obeyed before any choice is looked for");
    let silent = on(&ALPHANUMERIC, &outline);
    assert_eq!(brief(&silent), ["What next?\n\nStop order\nCancel\nEnd"]);
    assert_eq!(silent.losses[0].reason, "no_return_path");
}
