//! Conversations, their events and changes, and what routing is rebuilt from.
//!
//! A list is made in two steps: the places (time of change, id) of its page from narrow index ranges, merged; then the
//! conversations at those places by key. So a page costs the same however long the history is.

use super::super::failure::Failure;
use super::super::reader::View;
use super::super::rows::codec::at_place;
use super::super::rows::consumer::decode_task;
use super::super::rows::conversation::{ASSIGNED, CLOSED, CLOSED_UNASSIGNED, ConversationColumns, SURVEY, UNASSIGNED, counter, number};
use super::super::rows::event::{decode_change, decode_event};
use super::bound;
use antiphon_app::ports::store::{ConversationCursor, ConversationFilter, RoutingRows};
use antiphon_domain::routing::{Availability, Task};
use antiphon_domain::{
    AccountId, Change, ConsumerId, Conversation, ConversationId, DialogNumber, Event, Sequence, Timestamp, UserId, Version,
};
use rusqlite::{Row, named_params, params};

/// From this many open conversations of one user on, their list walks the account's list instead of sorting them.
const SORTED: i64 = 2_000;

pub const BY_ID: &str = "SELECT c.id, c.version, c.class, c.updated_at, c.skill, c.consumer, c.state, e.sequence, e.data
    FROM conversations c LEFT JOIN events e
    ON e.account = c.account AND e.conversation = c.id AND e.dialog = 0 AND e.sequence = c.last_content
    WHERE c.account = ?1 AND c.id = ?2";
pub const EVENTS: &str = "SELECT sequence, data FROM events
    WHERE account = ?1 AND conversation = ?2 AND dialog = ?3 AND sequence >= ?4 ORDER BY sequence LIMIT ?5";
pub const CHANGES: &str =
    "SELECT version, data FROM changes WHERE account = ?1 AND conversation = ?2 AND version > ?3 ORDER BY version LIMIT ?4";
pub const TASKS: &str = "SELECT conversation, data FROM tasks WHERE account = ?1";
pub const AGENTS: &str = "SELECT user, availability, last_assigned_at FROM agent_states WHERE account = ?1";
pub const SEATS: &str = "SELECT conversation, user FROM members WHERE account = ?1 AND class = 1 AND assigned = 1";

/// What every list asks of a row, whichever way it was found.
macro_rules! page {
    ($from:literal, $where:literal, $at:literal, $id:literal) => {
        concat!(
            "SELECT c.updated_at, c.id FROM ",
            $from,
            " WHERE ",
            $where,
            " AND ",
            $at,
            " >= :from AND (",
            $at,
            ", ",
            $id,
            ") < (:before_at, :before_id) AND (:skill IS NULL OR c.skill = :skill) ORDER BY ",
            $at,
            " DESC, ",
            $id,
            " DESC LIMIT :limit"
        )
    };
}

/// All of a class.
pub const IN_CLASS: &str =
    page!("conversations c INDEXED BY conversations_changed", "c.account = :account AND c.class = :class", "c.updated_at", "c.id");
/// Closed ones of a skill.
pub const CLOSED_OF_SKILL: &str =
    page!("conversations c", "c.account = :account AND c.class <= 0 AND c.class = :class AND c.skill = :skill", "c.updated_at", "c.id");
/// A consumer's closed ones.
pub const CLOSED_OF_CONSUMER: &str = page!(
    "conversations c",
    "c.account = :account AND c.class <= 0 AND c.class = :class AND c.consumer = :consumer",
    "c.updated_at",
    "c.id"
);
/// A consumer's open one, if it is of the class.
pub const OPEN_OF_CONSUMER: &str = page!(
    "conversations c INDEXED BY conversations_one_open",
    "c.account = :account AND c.class > 0 AND c.class = :class AND c.consumer = :consumer",
    "c.updated_at",
    "c.id"
);
/// A user's closed ones: their order is in the key.
pub const CLOSED_OF_USER: &str = page!(
    "members m CROSS JOIN conversations c ON c.account = m.account AND c.id = m.conversation",
    "m.account = :account AND m.user = :user AND m.class = :class",
    "m.at",
    "m.conversation"
);
/// A user's open ones: as many as the user holds, sorted.
pub const OPEN_OF_USER: &str = page!(
    "members m CROSS JOIN conversations c ON c.account = m.account AND c.id = m.conversation",
    "m.account = :account AND m.user = :user AND m.class = :class AND m.at = 0",
    "c.updated_at",
    "c.id"
);
/// A user's open ones when they hold very many: along the account's list.
pub const OPEN_OF_BUSY_USER: &str = page!(
    "conversations c INDEXED BY conversations_changed",
    "c.account = :account AND c.class = :class AND EXISTS (SELECT 1 FROM members m WHERE m.account = :account AND m.user = :user \
     AND m.class = :class AND m.at = 0 AND m.conversation = c.id)",
    "c.updated_at",
    "c.id"
);
pub const HELD: &str = "SELECT count(*) FROM (SELECT 1 FROM members WHERE account = ?1 AND user = ?2 AND class = ?3 AND at = 0 LIMIT ?4)";

/// A row's place in the list.
type Place = (i64, [u8; 16]);

/// The bounds of one page.
struct Page<'a> {
    account: i64,
    filter: &'a ConversationFilter,
    from: i64,
    before: (i64, Vec<u8>),
    limit: i64,
}

impl View<'_> {
    pub fn conversation(&self, account: &AccountId, id: ConversationId) -> Result<Option<Conversation>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(BY_ID)?;
        let mut rows = statement.query(params![number, id.0])?;
        rows.next()?.map(|row| conversation(account, row)).transpose()
    }

    pub fn conversations(
        &self,
        account: &AccountId,
        filter: &ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let places = self.places(number, filter, after, limit)?;
        let mut all = Vec::with_capacity(places.len());
        for (_, id) in places {
            all.extend(self.conversation(account, ConversationId(id))?);
        }
        Ok(all)
    }

    fn places(
        &self,
        account: i64,
        filter: &ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Place>, Failure> {
        // The page ends before the cursor, and before whatever is newer than asked for.
        let newest = filter.updated_to.map_or((i64::MAX, vec![0xff; 17]), |to| (to.0, vec![0xff; 17]));
        let before = after.map_or(newest.clone(), |after| newest.min((after.updated_at.0, after.id.0.to_vec())));
        let from = filter.updated_from.map_or(i64::MIN, |from| from.0);
        let page = Page { account, filter, from, before, limit: bound(limit) };
        let classes: &[i64] = match (filter.open, filter.unassigned) {
            (Some(false), _) | (_, true) if filter.in_survey => &[],
            _ if filter.in_survey => &[SURVEY],
            (Some(true), false) => &[ASSIGNED, UNASSIGNED, SURVEY],
            (Some(true), true) => &[UNASSIGNED],
            (Some(false), false) => &[CLOSED, CLOSED_UNASSIGNED],
            (Some(false), true) => &[CLOSED_UNASSIGNED],
            (None, false) => &[ASSIGNED, UNASSIGNED, SURVEY, CLOSED, CLOSED_UNASSIGNED],
            (None, true) => &[UNASSIGNED, CLOSED_UNASSIGNED],
        };
        let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let mut places = match (text, filter.consumer) {
            (None, None) => self.places_of_account(&page, classes)?,
            (None, Some(consumer)) => self.places_of_consumer(&page, classes, consumer)?,
            (Some(text), consumer) => self.places_with_text(&page, classes, text, consumer)?,
        };
        places.sort_unstable_by(|one, other| other.cmp(one));
        places.dedup();
        places.truncate(limit);
        Ok(places)
    }

    fn places_of_account(&self, page: &Page<'_>, classes: &[i64]) -> Result<Vec<Place>, Failure> {
        let mut places = Vec::new();
        for &class in classes {
            let sql = match (page.filter.involving, class) {
                (None, ..=CLOSED) if page.filter.skill.is_some() => CLOSED_OF_SKILL,
                (None, _) => IN_CLASS,
                (Some(_), ..=CLOSED) => CLOSED_OF_USER,
                (Some(user), _) if self.held(page.account, user, class)? < SORTED => OPEN_OF_USER,
                (Some(_), _) => OPEN_OF_BUSY_USER,
            };
            self.range(page, sql, class, None, &mut places)?;
        }
        Ok(places)
    }

    fn places_of_consumer(&self, page: &Page<'_>, classes: &[i64], consumer: ConsumerId) -> Result<Vec<Place>, Failure> {
        let mut places = Vec::new();
        for &class in classes {
            let sql = if class <= CLOSED { CLOSED_OF_CONSUMER } else { OPEN_OF_CONSUMER };
            self.range(page, sql, class, Some(consumer), &mut places)?;
        }
        match page.filter.involving {
            Some(user) => self.only_involving(page.account, user, places),
            None => Ok(places),
        }
    }

    fn places_with_text(&self, page: &Page<'_>, classes: &[i64], text: &str, only: Option<ConsumerId>) -> Result<Vec<Place>, Failure> {
        let mut consumers: Vec<ConsumerId> = match text.parse::<ConsumerId>() {
            Ok(id) => vec![id],
            Err(_) => self.find_consumers(page.account, text, None)?.into_iter().map(|consumer| consumer.id).collect(),
        };
        let mut places = Vec::new();
        if let Ok(id) = text.parse::<ConversationId>() {
            places.extend(self.place_of(page, classes, id, only)?);
        }
        consumers.retain(|consumer| only.is_none_or(|only| only == *consumer));
        for consumer in consumers {
            places.extend(self.places_of_consumer(page, classes, consumer)?);
        }
        Ok(places)
    }

    /// The place of one conversation, if it is on the page's list.
    fn place_of(&self, page: &Page<'_>, classes: &[i64], id: ConversationId, only: Option<ConsumerId>) -> Result<Option<Place>, Failure> {
        let mut statement = self.connection.prepare_cached(BY_ID)?;
        let mut rows = statement.query(params![page.account, id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (class, at, skill): (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let consumer = ConsumerId(row.get(5)?);
        let fits = classes.contains(&class)
            && at >= page.from
            && (at, id.0.to_vec()) < page.before
            && page.filter.skill.is_none_or(|wanted| wanted.0 == skill)
            && only.is_none_or(|only| only == consumer);
        let places = if fits { vec![(at, id.0)] } else { Vec::new() };
        let places = match page.filter.involving {
            Some(user) => self.only_involving(page.account, user, places)?,
            None => places,
        };
        Ok(places.into_iter().next())
    }

    fn range(
        &self,
        page: &Page<'_>,
        sql: &'static str,
        class: i64,
        consumer: Option<ConsumerId>,
        into: &mut Vec<Place>,
    ) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let common = named_params! {
            ":account": page.account,
            ":class": class,
            ":from": page.from,
            ":before_at": page.before.0,
            ":before_id": page.before.1,
            ":skill": page.filter.skill.map(|skill| skill.0),
            ":limit": page.limit,
        };
        for (name, value) in common {
            statement.raw_bind_parameter(*name, *value)?;
        }
        if let Some(consumer) = consumer {
            statement.raw_bind_parameter(":consumer", consumer.0)?;
        } else if let (Some(user), true) = (page.filter.involving, sql.contains(":user")) {
            statement.raw_bind_parameter(":user", user.0)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            into.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    }

    fn held(&self, account: i64, user: UserId, class: i64) -> Result<i64, Failure> {
        Ok(self.connection.prepare_cached(HELD)?.query_row(params![account, user.0, class, SORTED], |row| row.get(0))?)
    }

    fn only_involving(&self, account: i64, user: UserId, places: Vec<Place>) -> Result<Vec<Place>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM members WHERE account = ?1 AND user = ?2 AND class IN (1, 2, 3) AND at = 0 AND conversation = ?4)
             OR EXISTS (SELECT 1 FROM members WHERE account = ?1 AND user = ?2 AND class IN (-1, 0) AND at = ?3 AND conversation = ?4)",
        )?;
        let mut kept = Vec::new();
        for (at, id) in places {
            if statement.query_row(params![account, user.0, at, id], |row| row.get(0))? {
                kept.push((at, id));
            }
        }
        Ok(kept)
    }

    pub fn events(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        limit: usize,
    ) -> Result<Vec<Event>, Failure> {
        let Some(account) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(EVENTS)?;
        let mut rows = statement.query(params![account, conversation.0, dialog.0, number(from), bound(limit)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(decode_event(dialog, counter(row.get(0)?)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
        }
        Ok(all)
    }

    pub fn changes(&self, account: &AccountId, conversation: ConversationId, after: Version, limit: usize) -> Result<Vec<Change>, Failure> {
        let Some(account) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(CHANGES)?;
        let mut rows = statement.query(params![account, conversation.0, number(after), bound(limit)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(decode_change(counter(row.get(0)?)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
        }
        Ok(all)
    }

    pub fn routing(&self, account: &AccountId) -> Result<RoutingRows, Failure> {
        let Some(account) = self.account(account)? else { return Ok(RoutingRows::default()) };
        let mut routing = RoutingRows::default();
        let mut statement = self.connection.prepare_cached(TASKS)?;
        let mut rows = statement.query([account])?;
        while let Some(row) = rows.next()? {
            let task: Task = decode_task(ConversationId(row.get(0)?), row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            routing.tasks.push(task);
        }
        let mut statement = self.connection.prepare_cached(AGENTS)?;
        let mut rows = statement.query([account])?;
        while let Some(row) = rows.next()? {
            let availability = at_place(&Availability::ALL, row.get(1)?)?;
            routing.agents.push((UserId(row.get(0)?), availability, Timestamp(row.get(2)?)));
        }
        let mut statement = self.connection.prepare_cached(SEATS)?;
        let mut rows = statement.query([account])?;
        while let Some(row) = rows.next()? {
            routing.assigned.push((ConversationId(row.get(0)?), UserId(row.get(1)?)));
        }
        Ok(routing)
    }
}

fn conversation(account: &AccountId, row: &Row<'_>) -> Result<Conversation, Failure> {
    let last_content = match row.get::<_, Option<i64>>(7)? {
        Some(sequence) => Some((counter(sequence)?, row.get_ref(8)?.as_blob().map_err(rusqlite::Error::from)?)),
        None => None,
    };
    ConversationColumns {
        id: ConversationId(row.get(0)?),
        version: row.get(1)?,
        class: row.get(2)?,
        updated_at: row.get(3)?,
        skill: row.get(4)?,
        consumer: ConsumerId(row.get(5)?),
        last_content,
        state: row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?,
    }
    .decode(account)
}
