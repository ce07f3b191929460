//! Engagement attributes under the names of the published history.

use antiphon_app::history::History;
use antiphon_domain::Timestamp;
use serde_json::{Map, Value, json};

/// How a type is called here and there.
const TYPES: [(&str, &str); 10] = [
    ("ctmrinfo", "CUSTOMER_INFO"),
    ("personal", "PERSONAL_INFO"),
    ("mrktInfo", "MARKETING_CAMPAIGN_INFO"),
    ("lead", "LEAD"),
    ("purchase", "PURCHASE"),
    ("prodView", "VIEWED_PRODUCT"),
    ("cart", "CART_STATUS"),
    ("service", "SERVICE_ACTIVITY"),
    ("error", "VISITOR_ERROR"),
    ("searchInfo", "SEARCH_CONTENT"),
];

/// Members that have another name in the history: of which type, the old name and the new one.
const MEMBERS: [(&str, &str, &str); 5] = [
    ("personal", "firstname", "name"),
    ("personal", "lastname", "surname"),
    ("ctmrinfo", "ctype", "customerType"),
    ("ctmrinfo", "cstatus", "customerStatus"),
    ("mrktInfo", "channel", "originatingChannel"),
];

/// What is known of the consumer: what somebody vouches for, or what their own program said.
pub(super) fn told(story: &History, vouched: bool) -> Value {
    let profile = story.consumer.as_ref().and_then(|consumer| consumer.profile.as_deref());
    let json = profile.and_then(|profile| match vouched {
        true => profile.claims.as_ref().map(|claims| &claims.attributes),
        false => profile.attributes.as_ref(),
    });
    let list: Vec<Value> = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let at = story.conversation.started_at;
    json!({ "events": list.iter().filter_map(|attribute| event(attribute, at)).collect::<Vec<_>>() })
}

fn event(attribute: &Value, at: Timestamp) -> Option<Value> {
    let kind = attribute["type"].as_str()?;
    let (_, name) = TYPES.iter().find(|(known, _)| *known == kind)?;
    // The members stand below a member of their own, or beside the type.
    let inner = [kind, "info", "personal"].into_iter().find_map(|member| attribute.get(member).and_then(Value::as_object));
    let members = inner.or_else(|| attribute.as_object())?;
    let renamed =
        |member: &str| MEMBERS.iter().find(|(of, old, _)| *of == kind && *old == member).map_or(member, |(.., new)| new).to_owned();
    let body: Map<String, Value> =
        members.iter().filter(|(member, _)| *member != "type").map(|(member, value)| (renamed(member), value.clone())).collect();
    Some(json!({ "sdeType": name, "serverTimeStamp": at.0.to_string(), "body": body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_members_get_their_names() {
        let check = |attribute: Value, expected: Option<Value>| assert_eq!(event(&attribute, Timestamp(7)), expected, "{attribute}");
        let told = |kind: &str, body: Value| Some(json!({ "sdeType": kind, "serverTimeStamp": "7", "body": body }));
        check(
            json!({ "type": "personal", "personal": { "firstname": "Ann", "language": "en-US" } }),
            told("PERSONAL_INFO", json!({ "name": "Ann", "language": "en-US" })),
        );
        check(
            json!({ "type": "ctmrinfo", "info": { "ctype": "vip", "customerId": "A1" } }),
            told("CUSTOMER_INFO", json!({ "customerType": "vip", "customerId": "A1" })),
        );
        check(json!({ "type": "cart", "total": 11.7, "numItems": 1 }), told("CART_STATUS", json!({ "total": 11.7, "numItems": 1 })));
        check(json!({ "type": "made up" }), None);
        check(json!(7), None);
    }
}
