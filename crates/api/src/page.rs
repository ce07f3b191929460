//! Query strings and keyset paging: `?limit=&after=` in, `{items, next}` out. Cursors are opaque to clients.

use crate::error::ApiError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::str::FromStr;

/// Items of a page when nobody says how many.
const DEFAULT_LIMIT: usize = 50;
/// Most items of a page.
pub(crate) const MOST_ITEMS: usize = 200;

/// A page of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Page<T> {
    /// The items, in the list's order.
    pub(crate) items: Vec<T>,
    /// Goes into `after` of the next request; null on the last page.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows of which one more than `limit` was asked for.
    pub(crate) fn of<R>(mut rows: Vec<R>, limit: usize, key: impl Fn(&R) -> String, show: impl FnMut(R) -> T) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| seal(&key(last)));
        Self { items: rows.into_iter().map(show).collect(), next }
    }

    /// A list that always fits on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Which page.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) limit: usize,
    after: Option<String>,
}

impl Wanted {
    /// The last key of the page before.
    pub(crate) fn after<K: FromStr>(&self) -> Result<Option<K>, ApiError> {
        let bad = || ApiError::invalid("after", "this is no cursor of the list").remedy("take `next` of the page before, as it is");
        self.after.as_deref().map(|after| open(after).and_then(|key| key.parse().ok()).ok_or_else(bad)).transpose()
    }
}

fn seal(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn open(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// A query string, taken apart member by member; what nobody takes is refused.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, ApiError> {
        let mut members: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::invalid(&name, "this is given twice"));
            }
            members.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(members))
    }

    /// A member's text; an empty one counts as not given.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.0.swap_remove(at);
        Some(value).filter(|value| !value.is_empty())
    }

    /// A member of a kind that can be read from text.
    pub(crate) fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name)
            .map(|text| text.parse().map_err(|error: T::Err| ApiError::invalid(name, format!("`{text}` is wrong: {error}"))))
            .transpose()
    }

    /// A member with a few known values.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = known.iter().find(|(known, _)| *known == text).map(|(_, value)| *value);
        let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| ApiError::invalid(name, format!("`{text}` is not one of {}", names())))
    }

    /// `limit` and `after`.
    pub(crate) fn page(&mut self) -> Result<Wanted, ApiError> {
        let limit = self.parsed::<usize>("limit")?.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MOST_ITEMS).contains(&limit) {
            return Err(ApiError::invalid("limit", format!("must be between 1 and {MOST_ITEMS}, is {limit}")));
        }
        Ok(Wanted { limit, after: self.text("after") })
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(ApiError::invalid(name, format!("there is no query member `{name}`")).remedy("see /api/v1/openapi.json"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_another() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string, |n| n * 10);
        assert_eq!(page.items, [10, 20]);
        let wanted = Wanted { limit: 2, after: page.next };
        assert_eq!(wanted.after::<i32>().expect("our own cursor"), Some(2));
        assert!(Page::of(vec![1, 2], 2, ToString::to_string, |n: i32| n).next.is_none());
    }

    #[test]
    fn members_are_taken_and_the_rest_is_refused() {
        let mut query = Query::parse(Some("limit=5&after=&state=open&x=1")).expect("a query");
        assert_eq!(query.page().expect("a page").limit, 5);
        assert_eq!(query.one_of("state", &[("open", true)]).expect("a known value"), Some(true));
        assert_eq!(query.finish().expect_err("x is unknown").field.as_deref(), Some("x"));
        for (bad, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit")] {
            let error = Query::parse(Some(bad)).and_then(|mut query| query.page()).expect_err(bad);
            assert_eq!(error.field.as_deref(), Some(field));
        }
        assert!(Query::parse(Some("a=1&a=2")).is_err());
        let foreign = Wanted { limit: 1, after: Some("%%".into()) };
        assert_eq!(foreign.after::<i32>().expect_err("no cursor").field.as_deref(), Some("after"));
    }
}
