//! Random histories: sequences of units, some of them stale, repeated or racing, applied to the store and to the model;
//! afterwards every read agrees. A failure names its seed.

use super::Harness;
use super::fixtures::*;
use super::model::Model;
use antiphon_app::ports::store::{CommitError, ConversationCursor, ConversationFilter, DeliveryFilter, Store, Write};
use antiphon_domain::conversation::{Asked, ClosedBy, Delay, Rating, RatingStatus};
use antiphon_domain::event::Party;
use antiphon_domain::routing::{Availability, Task};
use antiphon_domain::{
    AcceptStatus, Audience, Conversation, DeliveryId, DeliveryStatus, DialogNumber, EventBody, Originator, Role, SkillId, Timestamp, UserId,
};

/// How many histories.
const HISTORIES: u64 = 12;
/// How many units each has.
const UNITS: u32 = 150;

/// A small generator (splitmix64): the suite brings its own, so that an adapter needs nothing for it.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn user(&mut self) -> UserId {
        UserId(self.roll(4) as i64)
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.roll(2) == 0 { None } else { Some(value(self)) }
    }
}

/// Random units leave the store as the model says, refusals included.
pub async fn random_histories_read_like_the_model(harness: &dyn Harness) {
    for seed in 0..HISTORIES {
        let mut subject = harness.open().await;
        let mut dice = Dice(seed);
        let mut model = Model::default();
        let store = subject.store();
        let mut now = 1_000;
        let mut number = 0;
        while number < UNITS {
            // Some units are sent at once, so that they share a transaction; they are applied in the order of sending.
            let together = 1 + dice.roll(6);
            let mut units = Vec::new();
            for _ in 0..together {
                now += dice.roll(3) as i64;
                units.push(unit(&mut dice, &model, number, now));
                number += 1;
            }
            let expected: Vec<Result<(), CommitError>> = units.iter().map(|unit| model.commit(unit)).collect();
            let results = futures_util::future::join_all(units.into_iter().map(|unit| attempt(&*store, unit))).await;
            assert_eq!(results, expected, "seed {seed}, unit {number}");
        }
        compare(&*store, &model, &mut dice, seed).await;
        drop(store);
        subject.reopen().await;
        compare(&*subject.store(), &model, &mut dice, seed).await;
    }
}

fn unit(dice: &mut Dice, model: &Model, number: u32, now: i64) -> Vec<Write> {
    let mut writes = Vec::new();
    if dice.roll(4) == 0 {
        writes.push(once(&format!("SM{}", dice.roll(60)), now));
    }
    match dice.roll(10) {
        0 | 1 => opening(dice, number, now, &mut writes),
        2 => {
            let id = DeliveryId(1 + dice.roll(40));
            let about = conversation_id(dice.roll(20) as u32);
            let mut delivery = delivery(id.0, about, dice.roll(5));
            delivery.status = DeliveryStatus::ALL[dice.roll(7) as usize];
            delivery.vendor_id = dice.maybe(|_| format!("V{}", id.0).into());
            writes.push(Write::PutDelivery(delivery));
        }
        3 => writes.push(Write::PutAgentState {
            user: dice.user(),
            availability: Availability::ALL[dice.roll(5) as usize],
            last_assigned_at: Timestamp(now),
        }),
        _ => changing(dice, model, now, &mut writes),
    }
    writes
}

fn opening(dice: &mut Dice, number: u32, now: i64, writes: &mut Vec<Write>) {
    let of = dice.roll(12) as u8;
    let skill = dice.maybe(|dice| dice.roll(3) as i64);
    let (mut conversation, change) = conversation(number, of, skill, now);
    let event = consumer_writes(&mut conversation, "hello", now);
    writes.push(Write::PutConsumer(consumer(of)));
    writes.push(Write::PutTask(Task::new(conversation.id, conversation.consumer, conversation.skill, Timestamp(now))));
    writes.push(put(&conversation, 0));
    writes.push(Write::AddChange { conversation: conversation.id, change });
    writes.push(add(&conversation, &event));
}

fn changing(dice: &mut Dice, model: &Model, now: i64, writes: &mut Vec<Write>) {
    let count = model.conversations.len() as u64;
    let Some(conversation) = model.conversations.values().nth(dice.roll(count.max(1)) as usize) else { return };
    let mut conversation = conversation.clone();
    // Now and then somebody decides on what is no longer true.
    let was = conversation.version.saturating_sub(u64::from(dice.roll(12) == 0));
    let steps = 1 + dice.roll(2);
    for _ in 0..steps {
        step(dice, &mut conversation, now, writes);
    }
    writes.push(put(&conversation, was));
    if conversation.assigned_agent().is_some() || !conversation.open {
        writes.push(Write::DeleteTask(conversation.id));
    }
}

fn step(dice: &mut Dice, conversation: &mut Conversation, now: i64, writes: &mut Vec<Write>) {
    let (user, at) = (dice.user(), Timestamp(now));
    let id = conversation.id;
    let change = match dice.roll(18) {
        0 => conversation.assign(user, None, at),
        1 => conversation.unassign(conversation.assigned_agent().unwrap_or(user), Some(Party::System), at),
        2 => conversation.suggest(user, None, at),
        3 => conversation.join(DialogNumber::MAIN, user, Role::Manager, at),
        4 => conversation.leave(DialogNumber::MAIN, user, Role::Manager, None, at),
        5 => conversation.change_skill(dice.maybe(|dice| SkillId(dice.roll(3) as i64)), None, at),
        6 => conversation.close(ClosedBy::System, dice.maybe(|_| "done".into()), None, at),
        12 | 13 => {
            // Its main dialog ends, perhaps for a survey; or its survey does.
            let number = conversation.current_dialog().unwrap_or(DialogNumber::MAIN);
            let survey = dice.maybe(|_| "survey-app".into());
            let ended = conversation.close_dialog(number, ClosedBy::Agent, None, survey, Some(Party::User(user)), at);
            let changes = ended.into_iter().flatten();
            writes.extend(changes.map(|change| Write::AddChange { conversation: id, change }));
            return;
        }
        14 => {
            let number = conversation.current_dialog().unwrap_or(DialogNumber::MAIN);
            conversation.tag_dialog(number, Some(r#"[{"type":"Survey"}]"#.into()), None, at)
        }
        15 => Ok(conversation.rate(Rating { stars: Some(4), resolved: Some(true), status: RatingStatus::Filled }, None, at)),
        16 => conversation.set_due(dice.maybe(|_| Timestamp(99)), None, at),
        17 => {
            let delay = dice.maybe(|_| Delay { kind: "NIGHT".into(), till: Timestamp(98) });
            conversation.asked = dice.maybe(|dice| Asked { dialog: DialogNumber(1), sequence: 77, once: dice.roll(2) == 0 });
            let _ = conversation.set_note(if dice.roll(2) == 0 { "a note".into() } else { "".into() }, None, at);
            conversation.set_delay(delay, None, at)
        }
        kind => {
            let agent = Originator { party: Party::User(user), role: Role::AssignedAgent };
            let mut draft = text(Party::Consumer(conversation.consumer), Role::Consumer, "more");
            match kind {
                7 => draft.originator = agent,
                8 => {
                    draft.originator = agent;
                    draft.audience = Audience::AgentsAndManagers;
                }
                9 => {
                    draft.originator = agent;
                    draft.body = EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0] };
                }
                _ => {}
            }
            let number = conversation.current_dialog().unwrap_or(DialogNumber::MAIN);
            if let Ok(event) = conversation.append(number, draft, at) {
                writes.push(Write::AddEvent { conversation: id, event: event.into() });
            }
            return;
        }
    };
    if let Ok(change) = change {
        writes.push(Write::AddChange { conversation: id, change });
    }
}

async fn compare(store: &dyn Store, model: &Model, dice: &mut Dice, seed: u64) {
    let account = account_id();
    for conversation in model.conversations.values() {
        let stored = store.conversation(&account, conversation.id).await.expect("reads");
        assert_eq!(stored.as_ref(), Some(conversation), "seed {seed}");
        let from = dice.roll(4);
        let dialog = DialogNumber(dice.roll(2) as u16);
        let events = store.events(&account, conversation.id, dialog, from, 5).await.expect("reads");
        let range = (conversation.id, dialog, from)..=(conversation.id, dialog, u64::MAX);
        let expected: Vec<_> = model.events.range(range).take(5).map(|(_, event)| event.clone()).collect();
        assert_eq!(events, expected, "seed {seed}");
        let after = dice.roll(4);
        let changes = store.changes(&account, conversation.id, after, 5).await.expect("reads");
        let range = (conversation.id, after + 1)..=(conversation.id, u64::MAX);
        let expected: Vec<_> = model.changes.range(range).take(5).map(|(_, change)| change.clone()).collect();
        assert_eq!(changes, expected, "seed {seed}");
    }
    for consumer in model.consumers.values() {
        let at = store.consumer_at(&account, consumer.source, &consumer.address).await.expect("reads").expect("is there");
        let theirs: Vec<_> = model.conversations.values().filter(|conversation| conversation.consumer == consumer.id).collect();
        let open = theirs.iter().find(|conversation| conversation.open).map(|conversation| conversation.id);
        assert_eq!((&at.consumer, at.open, at.had_one), (consumer, open, !theirs.is_empty()), "seed {seed}");
        let by_id = store.consumer_state(&account, consumer.id).await.expect("reads").expect("is there");
        assert_eq!((by_id.consumer, by_id.open, by_id.had_one), (at.consumer, at.open, at.had_one), "seed {seed}");
    }
    for _ in 0..60 {
        let filter = random_filter(dice);
        let after = dice.maybe(|dice| ConversationCursor {
            updated_at: Timestamp(1_000 + dice.roll(150) as i64),
            id: conversation_id(dice.roll(150) as u32),
        });
        let limit = 1 + dice.roll(20) as usize;
        let listed = store.conversations(&account, &filter, after, limit).await.expect("reads");
        assert_eq!(listed, model.conversations(&filter, after, limit), "seed {seed}: {filter:?} after {after:?}");
    }
    compare_routing(store, model, seed).await;
    compare_deliveries(store, model, dice, seed).await;
}

fn random_filter(dice: &mut Dice) -> ConversationFilter {
    ConversationFilter {
        open: dice.maybe(|dice| dice.roll(2) == 0),
        involving: dice.maybe(Dice::user),
        unassigned: dice.roll(3) == 0,
        in_survey: dice.roll(5) == 0,
        skill: dice.maybe(|dice| SkillId(dice.roll(3) as i64)),
        consumer: if dice.roll(4) == 0 { Some(consumer_id(dice.roll(12) as u8)) } else { None },
        updated_from: dice.maybe(|dice| Timestamp(1_000 + dice.roll(150) as i64)),
        updated_to: dice.maybe(|dice| Timestamp(1_000 + dice.roll(150) as i64)),
        text: if dice.roll(4) == 0 { Some(["frida", "1 M", "0007", "49"][dice.roll(4) as usize].to_owned()) } else { None },
    }
}

async fn compare_routing(store: &dyn Store, model: &Model, seed: u64) {
    let mut routing = store.routing(&account_id()).await.expect("reads");
    routing.tasks.sort_by_key(|task| task.conversation);
    assert_eq!(routing.tasks, model.tasks.values().cloned().collect::<Vec<_>>(), "seed {seed}");
    let agents: Vec<_> = model.agents.iter().map(|(user, (availability, at))| (*user, *availability, *at)).collect();
    assert_eq!(routing.agents, agents, "seed {seed}");
    routing.assigned.sort_unstable();
    let open = model.conversations.values().filter(|conversation| conversation.main().open);
    let assigned: Vec<_> = open.filter_map(|conversation| Some((conversation.id, conversation.assigned_agent()?))).collect();
    assert_eq!(routing.assigned, assigned, "seed {seed}");
}

async fn compare_deliveries(store: &dyn Store, model: &Model, dice: &mut Dice, seed: u64) {
    let account = account_id();
    for _ in 0..20 {
        let filter = DeliveryFilter {
            status: dice.maybe(|dice| DeliveryStatus::ALL[dice.roll(7) as usize]),
            conversation: dice.maybe(|dice| conversation_id(dice.roll(20) as u32)),
            source: dice.maybe(|_| SOURCE),
        };
        let after = dice.maybe(|dice| DeliveryId(dice.roll(40)));
        let limit = 1 + dice.roll(20) as usize;
        let listed = store.deliveries(&account, &filter, after, limit).await.expect("reads");
        assert_eq!(listed, model.deliveries(&filter, after, limit), "seed {seed}: {filter:?}");
        let (about, up_to) = (conversation_id(dice.roll(20) as u32), Timestamp(dice.roll(40) as i64));
        let unread = store.unread_deliveries(&account, about, up_to).await.expect("reads");
        assert_eq!(unread, model.unread(about, up_to), "seed {seed}");
    }
    for delivery in model.deliveries.values() {
        if let Some(vendor_id) = &delivery.vendor_id {
            let found = store.delivery_by_vendor_id(&account, delivery.source, vendor_id).await.expect("reads");
            assert_eq!(found.as_ref(), Some(delivery), "seed {seed}");
        }
    }
    let queued = model.deliveries.values().filter(|delivery| delivery.status == DeliveryStatus::Queued);
    let expected: Vec<_> = queued.map(|delivery| (account.clone(), delivery.clone())).collect();
    assert_eq!(store.outbox(None, 1_000).await.expect("reads"), expected, "seed {seed}");
}
