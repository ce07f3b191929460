//! The usage headers, which come with every answer: how much of its allowance the app, the page or the business has used.
//!
//! `X-App-Usage` and `X-Page-Usage`: `{"call_count":12,"total_time":3,"total_cputime":2}`, in percent.
//! `X-Business-Use-Case-Usage`: `{"1001":[{"type":"messenger","call_count":80,"total_time":1,"total_cputime":1,
//! "estimated_time_to_regain_access":0}]}`, the last one in minutes. A header that can't be read is as good as none.

use crate::kit::{http, json};
use antiphon_app::channel::Usage;
use antiphon_app::ports::net::NetAnswer;
use serde_json::Value;

const SIMPLE: [&str; 2] = ["x-app-usage", "x-page-usage"];
const BY_USE_CASE: &str = "x-business-use-case-usage";
const COUNTS: [&str; 3] = ["call_count", "total_time", "total_cputime"];
/// The longest wait that is believed, in minutes.
const MOST_MINUTES: i64 = 24 * 60;

/// The allowance of a product that is used most.
pub fn read(answer: &NetAnswer, product: &str) -> Option<Usage> {
    let simple = SIMPLE.into_iter().filter_map(|name| percent(&header(answer, name)?));
    let cases = use_cases(answer, product);
    let percent = simple.chain(cases.iter().filter_map(percent)).max()?;
    Some(Usage { percent, regain_ms: longest_wait_ms(&cases) })
}

/// When calls are possible again, in milliseconds, where the headers say so.
pub fn regain_ms(answer: &NetAnswer, product: &str) -> Option<i64> {
    longest_wait_ms(&use_cases(answer, product))
}

fn header(answer: &NetAnswer, name: &str) -> Option<Value> {
    json::read(http::header(&answer.headers, name)?.as_bytes()).ok()
}

/// What the business may do with this product; its others have allowances of their own.
fn use_cases(answer: &NetAnswer, product: &str) -> Vec<Value> {
    let Some(Value::Object(businesses)) = header(answer, BY_USE_CASE) else { return Vec::new() };
    let cases = businesses.into_iter().filter_map(|(_, cases)| match cases {
        Value::Array(cases) => Some(cases),
        _ => None,
    });
    cases.flatten().filter(|case| case["type"].as_str().is_none_or(|kind| kind == product)).collect()
}

fn percent(counts: &Value) -> Option<u32> {
    let counts = COUNTS.into_iter().filter_map(|name| json::float(&counts[name]));
    counts.map(|share| share.clamp(0.0, 1_000.0).ceil() as u32).max()
}

fn longest_wait_ms(cases: &[Value]) -> Option<i64> {
    let longest = cases.iter().filter_map(|case| json::integer(&case["estimated_time_to_regain_access"])).max()?;
    (longest > 0).then(|| longest.clamp(1, MOST_MINUTES) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn the_allowance_that_is_used_most_counts() {
        #[track_caller]
        fn check(headers: &[(&'static str, &'static str)], expected: Option<(u32, Option<i64>)>) {
            let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let answer = NetAnswer { status: 200, headers: HeaderMap::from_iter(pairs), body: Default::default() };
            assert_eq!(read(&answer, "messenger"), expected.map(|(percent, regain_ms)| Usage { percent, regain_ms }));
            assert_eq!(regain_ms(&answer, "messenger"), expected.and_then(|(_, regain_ms)| regain_ms));
        }
        check(&[], None);
        check(&[("x-app-usage", r#"{"call_count":12,"total_time":3,"total_cputime":2}"#)], Some((12, None)));
        check(&[("x-app-usage", r#"{"call_count":12}"#), ("x-page-usage", r#"{"call_count":1,"total_cputime":"80.2"}"#)], Some((81, None)));
        let both = r#"{"1001":[{"type":"messenger","call_count":96,"estimated_time_to_regain_access":3}]}"#;
        check(&[("x-app-usage", r#"{"call_count":12}"#), ("x-business-use-case-usage", both)], Some((96, Some(180_000))));
        let another = r#"{"1001":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":9}]}"#;
        check(&[("x-business-use-case-usage", another)], None);
        check(
            &[("x-business-use-case-usage", r#"{"1":[{"call_count":-3,"estimated_time_to_regain_access":99999}]}"#)],
            Some((0, Some(86_400_000))),
        );
        check(&[("x-app-usage", "no json"), ("x-page-usage", "[1]"), ("x-business-use-case-usage", r#"{"1":{}}"#)], None);
    }
}
