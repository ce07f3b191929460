//! Rows to choose from, as authors write them by convention: boxes with the tag `list`.
//!
//! Two ways of writing are common, and both are understood: sections that begin with their heading and hold a row of picture, title, text
//! and button for each choice; and sections that are a heading with buttons, where a button's second line says more.

use super::element::{Button, Choice, Element, Kind};
use super::outline::{Entry, Menu, MenuSection, asks};
use serde_json::Value;

/// The most levels that are looked through.
const DEPTH: usize = 12;

/// The rows in a box, if there are any.
pub(super) fn of(element: &Element, about: &[Value]) -> Option<Menu> {
    let mut menu = Menu { path: element.path.clone(), ..Menu::default() };
    walk(element, &mut menu, 0);
    menu.sections.retain(|section| !section.entries.is_empty());
    for (at, section) in menu.sections.iter_mut().enumerate() {
        section.multiple = several(about, at);
    }
    let fit = menu.entries().all(|entry| !asks(&entry.click));
    (fit && menu.entries().next().is_some()).then_some(menu)
}

/// Whether several rows of a section can be chosen: said beside the content, for all sections or for each.
fn several(about: &[Value], section: usize) -> bool {
    let said = about.iter().find_map(|entry| entry.get("multipleSelection"));
    match said {
        Some(Value::Array(each)) => each.get(section).and_then(Value::as_bool).unwrap_or_default(),
        Some(all) => all.as_bool().unwrap_or_default(),
        None => false,
    }
}

fn inner(element: &Element) -> &[Element] {
    match &element.kind {
        Kind::Vertical(inner) | Kind::Horizontal(inner) => inner,
        _ => &[],
    }
}

fn walk(element: &Element, menu: &mut Menu, depth: usize) {
    let children = inner(element);
    // A box of boxes that begins with a text is a section with its heading.
    let headed = depth > 0 && children.iter().skip(1).any(|one| row(one).is_some());
    for (at, one) in children.iter().enumerate() {
        match &one.kind {
            Kind::Text(text) if at == 0 && headed => {
                menu.sections.push(MenuSection { title: Some(text.clone()), ..MenuSection::default() })
            }
            Kind::Text(text) => menu.lines.push(text.clone()),
            Kind::Button(Button { title, .. }) if one.tag.as_deref() == Some("menu") => menu.button = Some(title.clone()),
            Kind::Button(Button { title, subtitle, .. }) => add(menu, entry(one, title, subtitle.clone(), None)),
            Kind::Vertical(_) | Kind::Horizontal(_) => {
                if let Some(row) = row(one) {
                    add(menu, row);
                } else if let Some(section) = section(one) {
                    menu.sections.push(section);
                } else if depth < DEPTH {
                    walk(one, menu, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn add(menu: &mut Menu, entry: Entry) {
    if menu.sections.is_empty() {
        menu.sections.push(MenuSection::default());
    }
    menu.sections.last_mut().into_iter().for_each(|section| section.entries.push(entry.clone()));
}

fn entry(element: &Element, title: &str, subtitle: Option<String>, image: Option<String>) -> Entry {
    let click = element.click.clone().unwrap_or_default();
    Entry { image, ..Entry::of(Choice { title: title.to_owned(), subtitle, click }) }
}

/// One row: texts and exactly one button, with or without a picture.
fn row(element: &Element) -> Option<Entry> {
    // A heading with a row below it is a section of one.
    let stacked = matches!(element.kind, Kind::Vertical(_));
    if stacked && inner(element).iter().any(|one| !inner(one).is_empty() && row(one).is_some()) {
        return None;
    }
    let (mut texts, mut buttons, mut image) = (Vec::new(), Vec::new(), None);
    let mut seen = vec![element];
    while let Some(one) = seen.pop() {
        match &one.kind {
            Kind::Vertical(inner) | Kind::Horizontal(inner) => seen.extend(inner.iter().rev()),
            Kind::Text(text) => texts.push(text),
            Kind::Button(button) => buttons.push((one, button)),
            Kind::Image { url, .. } => image = Some(url.clone()),
            _ => return None,
        }
    }
    let ([(button, _)], Some((title, rest))) = (buttons.as_slice(), texts.split_first()) else { return None };
    let description = rest.iter().map(|text| text.as_str()).collect::<Vec<_>>().join("\n");
    Some(entry(button, title, Some(description).filter(|text| !text.is_empty()), image))
}

/// A heading, or none, with buttons.
fn section(element: &Element) -> Option<MenuSection> {
    let mut section = MenuSection::default();
    let mut seen = vec![element];
    while let Some(one) = seen.pop() {
        match &one.kind {
            Kind::Vertical(inner) | Kind::Horizontal(inner) => seen.extend(inner.iter().rev()),
            Kind::Text(text) if section.title.is_none() && section.entries.is_empty() => section.title = Some(text.clone()),
            Kind::Button(Button { title, subtitle, .. }) if one.tag.as_deref() != Some("menu") => {
                section.entries.push(entry(one, title, subtitle.clone(), None));
            }
            _ => return None,
        }
    }
    // Only the innermost box is a section: others hold several.
    let nested = inner(element).iter().filter(|one| !inner(one).is_empty()).count();
    (nested <= 1 && !section.entries.is_empty()).then_some(section)
}
