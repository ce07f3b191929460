//! The plan of every hot query: found by an index, ordered by it, never sorted in a temporary tree.
//!
//! Cost must not grow with history, and a plan that scans grows with it long before anybody notices.

use super::connection::{open_reader, open_writer};
use super::read::{configuration, consumers, conversations, deliveries, identity, logs, notifications};
use super::{Options, apply, sweep};
use rusqlite::Connection;
use rusqlite::types::Value;

/// How SQLite answers a query: the details of `EXPLAIN QUERY PLAN`.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap_or_else(|error| panic!("{error}: {sql}"));
    let parameters = vec![Value::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).expect("a plan");
    rows.collect::<Result<_, _>>().expect("a plan")
}

/// What is wrong with a plan. Each line has to search by an index or primary key; `walks` are the scans that are meant:
/// along an index, in order, up to the limit.
fn problems(connection: &Connection, sql: &str, uses: &[&str], walks: &[&str]) -> Vec<String> {
    let plan = plan(connection, sql);
    let mut problems = Vec::new();
    for line in &plan {
        let meant = walks.iter().any(|walk| line.contains(walk));
        let scans = line.starts_with("SCAN") && !line.contains("CONSTANT ROW");
        let sorts = line.contains("TEMP B-TREE");
        if (scans || sorts) && !meant || line.contains("AUTOMATIC") {
            problems.push(format!("{line}: {plan:#?}\n{sql}"));
        }
    }
    for index in uses {
        if !plan.iter().any(|line| line.contains(index)) {
            problems.push(format!("not by {index}: {plan:#?}\n{sql}"));
        }
    }
    problems
}

#[test]
fn every_hot_query_is_by_index() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    let _writer = open_writer(&path, &Options::default()).unwrap();
    let reader = open_reader(&path, 0).unwrap();
    let hot: &[(&str, &[&str])] = &[
        (apply::SEEN, &["SEARCH g USING PRIMARY KEY (account=? AND hash=?)", "SEARCH i USING INTEGER PRIMARY KEY"]),
        (apply::BEFORE, &["USING PRIMARY KEY (account=? AND id=?)"]),
        (apply::OPEN_OF, &["conversations_one_open (account=? AND consumer=?)"]),
        (apply::HOLDER, &["consumers_address (account=? AND source=? AND address=?)"]),
        (apply::MESSAGE, &["USING PRIMARY KEY (account=? AND id=?)"]),
        (configuration::SESSION, &["USING PRIMARY KEY (token_hash=?)"]),
        (configuration::ANSWERED, &["USING PRIMARY KEY (account=? AND caller=? AND key=?)"]),
        (configuration::LOGIN, &["USING PRIMARY KEY (account=? AND user=?)"]),
        (
            consumers::AT,
            &[
                "consumers_address (account=? AND source=? AND address=?)",
                "conversations_one_open (account=? AND consumer=?)",
                "conversations_closed_consumer (account=? AND consumer=? AND class<?)",
            ],
        ),
        (
            consumers::STATE,
            &[
                "consumers_id (account=? AND id=?)",
                "conversations_one_open (account=? AND consumer=?)",
                "conversations_closed_consumer (account=? AND consumer=? AND class<?)",
            ],
        ),
        (consumers::BY_ID, &["consumers_id (account=? AND id=?)"]),
        (consumers::PAGE, &["consumers_id (account=? AND id>?)"]),
        (consumers::CONSENT, &["PRIMARY KEY (account=? AND consumer=?)"]),
        (conversations::BY_ID, &["SEARCH c USING PRIMARY KEY (account=? AND id=?)", "SEARCH e USING PRIMARY KEY"]),
        (conversations::EVENTS, &["PRIMARY KEY (account=? AND conversation=? AND dialog=? AND sequence>?)"]),
        (conversations::CHANGES, &["PRIMARY KEY (account=? AND conversation=? AND version>?)"]),
        (conversations::TASKS, &["PRIMARY KEY (account=?)"]),
        (conversations::AGENTS, &["PRIMARY KEY (account=?)"]),
        (conversations::SEATS, &["members_assigned (account=?)"]),
        (conversations::IN_CLASS, &["conversations_changed (account=? AND class=? AND updated_at>? AND (updated_at,id)<(?,?))"]),
        (conversations::CLOSED_OF_SKILL, &["conversations_closed_skill (account=? AND skill=? AND class=?"]),
        (conversations::CLOSED_OF_CONSUMER, &["conversations_closed_consumer (account=? AND consumer=? AND class=?"]),
        (conversations::CLOSED_OF_USER, &["SEARCH m USING PRIMARY KEY (account=? AND user=? AND class=?", "SEARCH c USING PRIMARY KEY"]),
        (
            conversations::OPEN_OF_BUSY_USER,
            &["conversations_changed", "SEARCH m EXISTS USING PRIMARY KEY (account=? AND user=? AND class=?"],
        ),
        (deliveries::ACCOUNTS, &["INTEGER PRIMARY KEY (rowid>?)"]),
        (deliveries::OUTBOX, &["deliveries_status (account=? AND status=? AND id>?)"]),
        (deliveries::BY_ID, &["PRIMARY KEY (account=? AND id=?)"]),
        (deliveries::BY_VENDOR_ID, &["deliveries_vendor (account=? AND source=? AND vendor_hash=?)"]),
        (deliveries::NEWEST, &["deliveries_conversation (account=? AND conversation=?)"]),
        (deliveries::PLACE, &["PRIMARY KEY (account=? AND id=?)"]),
        (deliveries::OF_EVENTS, &["deliveries_conversation (account=? AND conversation=? AND dialog=? AND sequence>? AND sequence<?)"]),
        (deliveries::ALL, &["PRIMARY KEY (account=? AND id<?)"]),
        (deliveries::OF_CONVERSATION, &["deliveries_conversation (account=? AND conversation=? AND (dialog,sequence,id)<(?,?,?))"]),
        (deliveries::OF_STATUS, &["deliveries_status (account=? AND status=? AND id<?)"]),
        (deliveries::OF_SOURCE, &["deliveries_source (account=? AND source=? AND id<?)"]),
        (deliveries::FILE, &["files_path (path=?)"]),
        (deliveries::UNSHOWN, &["files_unshown (unshown_at>? AND unshown_at<?)"]),
        (logs::DEAD_LETTERS, &["dead_letters_id (account=? AND id<?)"]),
        (logs::DEAD_LETTER, &["dead_letters_id (account=? AND id=?)"]),
        (logs::AUDIT, &["audit_id (account=? AND id<?)"]),
        (logs::LOG, &["channel_log_id (account=? AND id<?)"]),
        (logs::LOG_OF_CONVERSATION, &["channel_log_conversation (account=? AND conversation=? AND id<?)"]),
        (logs::LOG_OF_DELIVERY, &["channel_log_delivery (account=? AND delivery=? AND id<?)"]),
        (logs::LOG_OF_SOURCE, &["channel_log_source (account=? AND source=? AND id<?)"]),
        (notifications::OF_LANE, &["notifications_waiting (account=? AND app=? AND conversation=? AND id>?)"]),
        (notifications::ALL, &["PRIMARY KEY (account=? AND app=? AND id<?)"]),
        (notifications::DROPPED, &["notifications_dropped (account=? AND app=? AND id<?)"]),
        (notifications::WAITING, &["notifications_waiting (account=? AND app=? AND (conversation,id)>(?,?))"]),
        (notifications::ONE, &["PRIMARY KEY (account=? AND app=? AND id=?)"]),
        (notifications::RANGE, &["PRIMARY KEY (account=? AND app=? AND id>? AND id<?)"]),
        (apply::notifications::SETTLE, &["PRIMARY KEY (account=? AND app=? AND id=?)"]),
        (apply::notifications::TRIES, &["PRIMARY KEY (account=? AND app=? AND id=?)"]),
        (sweep::NOTIFICATIONS, &["PRIMARY KEY (account=? AND app=? AND id=?)", "PRIMARY KEY (account=? AND app=?)"]),
        (sweep::ANSWERS, &["answers_age (at<?)"]),
        (sweep::SESSIONS, &["sessions_expiry (expires_at<?)"]),
        (sweep::APP_GRANTS, &["app_grants_expiry (expires_at<?)"]),
        (identity::APP_GRANT, &["PRIMARY KEY (token_hash=?)"]),
        (apply::KEY_USED, &["PRIMARY KEY (account=? AND id=?)"]),
        (apply::END_GRANTS_OF_USER, &["app_grants_user (account=? AND user=?)"]),
        (apply::END_GRANTS_OF_APP, &["app_grants_app (account=? AND app=?)"]),
        (sweep::CHANNEL_LOG, &["channel_log_id (account=?)"]),
        (logs::LOG_SPAN, &["SEARCH channel_log"]),
    ];
    let mut wrong: Vec<String> = hot.iter().flat_map(|(sql, uses)| problems(&reader, sql, uses, &[])).collect();
    let mut check = |sql, uses: &[&str], walks: &[&str]| wrong.extend(problems(&reader, sql, uses, walks));
    // Meant: as many rows as the page has, in the order of an index.
    check(deliveries::PENDING, &["files_pending"], &["SCAN files USING INDEX files_pending"]);
    check(consumers::FIND, &["c USING INTEGER PRIMARY KEY"], &["SCAN t VIRTUAL TABLE INDEX"]);
    check(sweep::GUARDS, &[], &["SCAN guard_items"]);
    check(sweep::OLDEST_LOG, &["INTEGER PRIMARY KEY (rowid=?)"], &["SCAN channel_log"]);
    // Meant: only when there are more than there may be, and along an index.
    check(logs::LOG_COUNT, &["channel_log_id"], &["SCAN channel_log USING COVERING INDEX"]);
    check(conversations::HELD, &["PRIMARY KEY (account=? AND user=? AND class=? AND at=?)"], &["SCAN (subquery"]);
    check(notifications::COUNT, &["notifications_waiting (account=? AND app=?)"], &["SCAN (subquery"]);
    // Meant: one step of the recursion after the other, each a search.
    let steps = ["SCAN lane", "SCAN of"];
    check(notifications::LANES, &["notifications_waiting (account=? AND app=? AND conversation>?)"], &steps);
    check(sweep::NOTIFIED, &["PRIMARY KEY (account=? AND app>?)"], &steps);
    // Meant: what one user holds open, and one consumer's one open conversation, are few.
    let sort = ["USE TEMP B-TREE FOR ORDER BY"];
    check(conversations::OPEN_OF_USER, &["SEARCH m USING PRIMARY KEY (account=? AND user=? AND class=? AND at=?)"], &sort);
    check(conversations::OPEN_OF_CONSUMER, &["conversations_one_open (account=? AND consumer=?)"], &sort);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
