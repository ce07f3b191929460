//! Times to choose from, as authors write them by convention: boxes with the tag `datePicker`, a button for each time, and the time itself
//! among the objects that come back with it.

use super::element::{Button, Click, Element, Kind, Place};
use super::outline::{TimeEntry, Times};
use serde_json::Value;

/// The times in a box, if it holds nothing else to tap.
pub(super) fn of(element: &Element, about: &[Value]) -> Option<Times> {
    let mut times = Times { path: element.path.clone(), ..Times::default() };
    let mut seen = vec![element];
    while let Some(one) = seen.pop() {
        match &one.kind {
            Kind::Vertical(inner) | Kind::Horizontal(inner) => seen.extend(inner.iter().rev()),
            // Later texts are the days, which we write ourselves.
            Kind::Text(text) if times.slots.is_empty() && times.lines.len() < 2 && !is_day(one) => times.lines.push(text.clone()),
            Kind::Text(_) => {}
            Kind::Image { url, .. } => times.image = Some(url.clone()),
            Kind::Button(button) => times.slots.push(slot(one, button)?),
            _ => return None,
        }
    }
    if let Some(event) = about.iter().find(|entry| entry["type"] == "BusinessEvent") {
        times.place = place(&event["location"]);
        times.offset = offset(&event["timing"]);
    }
    (!times.slots.is_empty()).then_some(times)
}

/// A text that names a day: anything but a title or subtitle that says so.
fn is_day(element: &Element) -> bool {
    element.tag.as_deref().is_some_and(|tag| !matches!(tag, "title" | "subtitle"))
}

fn slot(element: &Element, button: &Button) -> Option<TimeEntry> {
    let click = element.click.clone()?;
    let event = click.metadata.iter().find(|entry| entry["type"] == "BusinessEvent")?;
    let timing = &event["timing"];
    let start = moment(&timing["startTime"])?;
    let lasts = whole(&timing["duration"]);
    let click = Click { actions: click.actions, metadata: click.metadata };
    Some(TimeEntry { start, lasts, title: Some(button.title.clone()), description: button.subtitle.clone(), click, place: None })
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A time in seconds since 1970: a number, or a text such as `2026-05-04T10:00+0200`.
fn moment(value: &Value) -> Option<i64> {
    whole(value).or_else(|| {
        let text = value.as_str()?;
        let read = |format: &str| jiff::Timestamp::strptime(format, text).ok();
        let at = read("%Y-%m-%dT%H:%M%z").or_else(|| read("%Y-%m-%dT%H:%M:%S%z")).or_else(|| text.parse().ok());
        at.map(jiff::Timestamp::as_second)
    })
}

fn offset(timing: &Value) -> Option<i32> {
    whole(&timing["presentedTimezoneOffset"]).and_then(|minutes| i32::try_from(minutes).ok())
}

fn place(location: &Value) -> Option<Place> {
    let degrees = |name: &str, most: f64| location[name].as_f64().filter(|degrees| degrees.abs() <= most);
    let name = location["title"].as_str().map(str::to_owned);
    Some(Place { latitude: degrees("la", 90.0)?, longitude: degrees("lo", 180.0)?, name })
}
