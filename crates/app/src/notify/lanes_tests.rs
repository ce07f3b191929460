//! The books alone: order, both ways of trying again, isolation, paging; and random histories against a model of the store.

use super::super::lane::Told;
use super::*;
use crate::notify::Standing;
use crate::ports::store::{ConnectorApp, NotificationAbout};
use antiphon_domain::DialogNumber;
use antiphon_domain::account::SignatureForm;
use serde_json::{Value, json};

const BOUNDS: Bounds = Bounds { calls: 16, lane_rows: 4, app_rows: 50, rows: 100, app_lanes: 40 };
const CONTENT: &str = "ms.MessagingEventNotification.ContentEvent";
const ACCEPT: &str = "ms.MessagingEventNotification.AcceptStatusEvent";

fn app(client_id: &str, webhooks: Value) -> Arc<Notified> {
    let settings = json!({ "webhooks": webhooks }).to_string();
    let installed = ConnectorApp {
        client_id: client_id.to_owned(),
        name: client_id.to_owned(),
        client_secret: "secret-secret".to_owned(),
        previous_secret: None,
        skill: None,
        settings,
        enabled: true,
        removed: false,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    let account = "12".parse().expect("an account id");
    Arc::new(Notified::of(&account, &installed, SignatureForm::default()).expect("it wants something"))
}

/// Tries are counted: two more for content.
fn by_number() -> Arc<Notified> {
    app("numbers", json!({CONTENT: {"endpoint": "https://h/c", "max_retries": 2}, ACCEPT: {"endpoint": "https://h/a"}}))
}

/// An hour counts; receipts are exempt.
fn by_time() -> Arc<Notified> {
    let accept = json!({"endpoint": "https://h/a", "max_retries": 0});
    app("time", json!({CONTENT: {"endpoint": "https://h/c", "max_retries": 1}, ACCEPT: accept, "retry": {"retention_time": 3600}}))
}

fn conversation(number: u8) -> ConversationId {
    ConversationId([number; 16])
}

struct Books {
    lanes: Lanes,
    now: i64,
}

/// What is on its way.
struct OnItsWay {
    lane: LaneKey,
    item: Item,
    gate: Option<u32>,
    why: Option<&'static str>,
}

impl Books {
    /// Books of apps for which the store holds nothing.
    fn new(apps: &[&Arc<Notified>]) -> Self {
        let mut books = Self { lanes: Lanes::new(BOUNDS), now: 0 };
        books.lanes.configure(apps.iter().map(|app| Arc::clone(app)).collect());
        for _ in apps {
            let Next::Page { slot, limit, .. } = books.next() else { panic!("the store is looked at first") };
            books.lanes.paged(slot, Some(Vec::new()), limit, Timestamp(0));
        }
        books
    }

    fn next(&mut self) -> Next {
        self.lanes.next(Timestamp(self.now))
    }

    fn push(&mut self, app: &Arc<Notified>, of: u8, id: u64, kind: NotificationKind) {
        let key = self.lanes.expect(app, conversation(of));
        let at = Timestamp(self.now);
        self.lanes.push(key, Item { id: NotificationId(id), kind, at, not_before: at, tries: Default::default(), told: told(id) });
    }

    fn content(&mut self, app: &Arc<Notified>, of: u8, id: u64) {
        self.push(app, of, id, NotificationKind::Content);
    }

    /// Everything that goes now.
    fn started(&mut self) -> Vec<OnItsWay> {
        std::iter::from_fn(|| match self.next() {
            Next::Send { lane, item, gate, .. } => Some(OnItsWay { lane, item: *item, gate: Some(gate), why: None }),
            Next::Drop { lane, item, why, .. } => Some(OnItsWay { lane, item: *item, gate: None, why: Some(why) }),
            Next::Wait(_) => None,
            Next::Read { .. } | Next::Page { .. } => panic!("nothing is to be read"),
        })
        .collect()
    }

    fn finish(&mut self, way: OnItsWay, verdict: Verdict) -> NotificationState {
        self.lanes.finish(way.lane, way.item, way.gate, verdict, Timestamp(self.now), 0).state
    }

    fn took(&mut self, way: OnItsWay) {
        assert_eq!(self.finish(way, Verdict::Took { status: 200, duration_ms: 1 }), NotificationState::Delivered);
    }

    fn failed(&mut self, way: OnItsWay) -> NotificationState {
        self.finish(way, Verdict::Failed { status: Some(500), duration_ms: 1, error: "500".into(), after_ms: None })
    }

    /// Starts what goes, and has all of it fail: their ids.
    fn all_fail(&mut self) -> Vec<u64> {
        let started = self.started();
        let ids = started.iter().map(|way| way.item.id.0).collect();
        for way in started {
            self.failed(way);
        }
        ids
    }

    /// Takes everything that goes until nothing does: their ids.
    fn all_take(&mut self) -> Vec<u64> {
        let mut ids = Vec::new();
        loop {
            let started = self.started();
            if started.is_empty() {
                return ids;
            }
            for way in started {
                ids.push(way.item.id.0);
                self.took(way);
            }
        }
    }

    fn standing(&mut self, app: &Arc<Notified>) -> Standing {
        let now = Timestamp(self.now);
        self.lanes.look_at(&app.account, &app.client_id, now).expect("it is known").standing
    }
}

fn told(id: u64) -> Told {
    Told::Stored(DialogNumber::MAIN, id)
}

fn ids(started: &[OnItsWay]) -> Vec<u64> {
    started.iter().map(|way| way.item.id.0).collect()
}

#[test]
fn a_conversation_is_told_in_order_and_one_at_a_time() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    for (id, of) in [(1, 1), (2, 1), (3, 2)] {
        books.content(&app, of, id);
    }
    let mut started = books.started();
    assert_eq!(ids(&started), [1, 3]);
    books.took(started.remove(0));
    assert_eq!(ids(&books.started()), [2]);
}

#[test]
fn tries_are_counted_half_a_minute_apart() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    books.content(&app, 1, 2);
    for now in [0, 30_000] {
        books.now = now;
        let started = books.started();
        assert_eq!(ids(&started), [1]);
        started.into_iter().for_each(|way| assert_eq!(books.failed(way), NotificationState::Waiting));
        assert!(matches!(books.next(), Next::Wait(Some(at)) if at.0 == now + 30_000));
    }
    books.now = 60_000;
    let last = books.started().remove(0);
    assert_eq!(books.failed(last), NotificationState::Dropped, "two more tries, and no third");
    assert_eq!(books.all_take(), [2]);
}

#[test]
fn without_a_number_nothing_is_tried_again() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    books.push(&app, 1, 1, NotificationKind::Accept);
    let only = books.started().remove(0);
    assert_eq!(books.failed(only), NotificationState::Dropped);
    assert_eq!(books.lanes.rows(), 0);
}

#[test]
fn a_kind_that_waits_holds_up_its_own_kind_only() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    books.content(&app, 1, 2);
    books.push(&app, 1, 3, NotificationKind::Accept);
    assert_eq!(books.all_fail(), [1]);
    assert_eq!(books.all_fail(), [3], "2 stays behind 1");
    assert_eq!(books.started().len(), 0);
    books.now = 30_000;
    assert_eq!(books.all_take(), [1, 2]);
}

#[test]
fn time_doubles_and_the_whole_conversation_waits() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    books.push(&app, 1, 2, NotificationKind::Accept);
    for wait in [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000] {
        assert_eq!(books.all_fail(), [1], "the number of retries means nothing");
        assert_eq!(books.standing(&app), Standing::Failed);
        let from = books.now;
        assert!(matches!(books.next(), Next::Wait(Some(at)) if at.0 == from + wait), "{wait}");
        books.now += wait;
    }
    assert_eq!(books.all_take(), [1, 2]);
    assert_eq!(books.standing(&app), Standing::Up);
}

#[test]
fn what_grows_too_old_is_given_up() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    books.now = 3_000_000;
    assert_eq!(books.all_fail(), [1]);
    books.content(&app, 1, 2);
    books.now = 3_600_001;
    let mut started = books.started();
    assert_eq!((started[0].item.id.0, started[0].why.is_some()), (1, true));
    let why = started[0].why.expect("a reason");
    assert_eq!(books.finish(started.remove(0), Verdict::GivenUp(why)), NotificationState::Dropped);
    assert_eq!(books.all_take(), [2]);
}

#[test]
fn an_exempt_kind_is_let_go_and_trips_nothing() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    books.push(&app, 1, 1, NotificationKind::Accept);
    let only = books.started().remove(0);
    assert_eq!(books.failed(only), NotificationState::Dropped);
    assert_eq!(books.standing(&app), Standing::Up);
    // While the app is failing anyway, exempt ones are kept too.
    books.content(&app, 1, 2);
    assert_eq!(books.all_fail(), [2]);
    books.push(&app, 1, 3, NotificationKind::Accept);
    books.push(&app, 2, 4, NotificationKind::Accept);
    assert_eq!(books.all_fail(), [4]);
    books.now = 2_000;
    assert_eq!(books.all_take().len(), 3);
}

#[test]
fn one_poisoned_conversation_delays_no_other() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    let mut tries = 0;
    for id in 2..200 {
        books.now += 100;
        books.content(&app, 2, id);
        for way in books.started() {
            if way.lane.conversation == conversation(1) {
                tries += 1;
                books.failed(way);
            } else {
                books.took(way);
            }
        }
        assert!(books.standing(&app) != Standing::Up);
    }
    // Twenty seconds: its own pauses, and one early try because others worked.
    assert!((4..=6).contains(&tries), "{tries}");
}

#[test]
fn a_dead_endpoint_is_left_alone_and_recovers_at_once() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    for of in 1..=20 {
        books.content(&app, of, u64::from(of));
    }
    assert_eq!(books.all_fail().len(), 8, "a few at first");
    assert_eq!(books.all_fail(), Vec::<u64>::new(), "then the app as a whole is left alone");
    let mut calls = 0;
    while books.now < 3_000_000 {
        match books.next() {
            Next::Wait(at) => books.now = at.expect("it will be tried again").0,
            Next::Send { lane, item, gate, .. } => {
                calls += 1;
                books.failed(OnItsWay { lane, item: *item, gate: Some(gate), why: None });
            }
            _ => panic!("nothing is to be read or given up"),
        }
    }
    assert!(calls < 30, "{calls} calls in 50 minutes");
    assert_eq!(books.standing(&app), Standing::Failed);
    books.content(&app, 21, 21);
    let mut started = books.started();
    assert_eq!(started.len(), 1, "one try says whether it is back");
    books.took(started.remove(0));
    assert_eq!(books.standing(&app), Standing::InTransition);
    let mut told = books.all_take();
    told.sort_unstable();
    assert_eq!(told.len(), 20, "and everything follows at once");
    assert_eq!(books.standing(&app), Standing::Up);
}

#[test]
fn only_the_endpoint_in_trouble_is_left_alone_when_tries_count() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    for of in 1..=9 {
        books.content(&app, of, u64::from(of));
    }
    while !books.all_fail().is_empty() {}
    books.content(&app, 10, 10);
    books.push(&app, 10, 11, NotificationKind::Accept);
    assert_eq!(books.all_take(), [11], "receipts go on");
    assert!(matches!(books.next(), Next::Wait(Some(at)) if at.0 == 30_000));
    books.now = 30_000;
    assert_eq!(books.all_take().len(), 10);
}

#[test]
fn a_dead_app_does_not_touch_another() {
    let (dead, well) = (by_time(), by_number());
    let mut books = Books::new(&[&dead, &well]);
    for of in 1..=20 {
        books.content(&dead, of, 2 * u64::from(of));
        books.content(&well, of, 2 * u64::from(of) + 1);
    }
    let mut told = Vec::new();
    loop {
        let started = books.started();
        if started.is_empty() {
            break;
        }
        for way in started {
            if way.item.id.0.is_multiple_of(2) {
                books.failed(way);
            } else {
                told.push(way.item.id.0);
                books.took(way);
            }
        }
    }
    assert_eq!(told.len(), 20);
    assert_eq!((books.standing(&dead), books.standing(&well)), (Standing::Failed, Standing::Up));
}

#[test]
fn an_app_that_is_switched_off_is_told_nothing_and_continues_later() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    books.lanes.configure(Vec::new());
    assert!(matches!(books.next(), Next::Wait(None)));
    assert_eq!(books.lanes.rows(), 0, "the store keeps it");
    books.lanes.configure(vec![Arc::clone(&app)]);
    let Next::Page { slot, after: None, limit, .. } = books.next() else { panic!("the store is asked") };
    books.lanes.paged(slot, Some(vec![conversation(1)]), limit, Timestamp(0));
    let Next::Read { after: None, .. } = books.next() else { panic!("the lane is read") };
}

#[test]
fn an_endpoint_that_is_gone_gives_its_notifications_up() {
    let app = by_number();
    let mut books = Books::new(&[&app]);
    books.content(&app, 1, 1);
    let fewer = self::app("numbers", json!({ACCEPT: {"endpoint": "https://h/a"}}));
    books.lanes.configure(vec![fewer]);
    assert!(books.started()[0].why.is_some());
}

#[test]
fn chat_states_never_wait() {
    let app = app("chat", json!({"ms.MessagingEventNotification.ChatStateEvent": {"endpoint": "https://h/c"}}));
    let mut books = Books::new(&[&app]);
    let begun: Vec<_> = (0..20).filter_map(|_| books.lanes.begin_chat(&app, Timestamp(0))).collect();
    assert_eq!(begun.len(), 8, "as many as an unknown endpoint takes");
    begun.into_iter().for_each(|(slot, gate)| books.lanes.end_chat(slot, gate));
    assert!(books.lanes.begin_chat(&app, Timestamp(0)).is_some());
}

/// A generator of numbers; the seed tells the history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Something that the store answered, to be heard later.
type Answer = Box<dyn FnOnce(&mut Books)>;

/// What the store holds of one app, and what the app was told.
#[derive(Default)]
struct World {
    waiting: Vec<(ConversationId, NotificationId)>,
    /// Outcomes that are not stored yet.
    unstored: Vec<NotificationId>,
    told: Vec<(ConversationId, u64)>,
    committed: Vec<(ConversationId, u64)>,
}

impl World {
    fn store_outcomes(&mut self) {
        let unstored = std::mem::take(&mut self.unstored);
        self.waiting.retain(|(_, id)| !unstored.contains(id));
    }

    fn lanes(&self, after: Option<ConversationId>, limit: usize) -> Vec<ConversationId> {
        let mut all: Vec<ConversationId> = self.waiting.iter().map(|(of, _)| *of).filter(|of| Some(*of) > after).collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(limit);
        all
    }

    fn rows(&self, of: ConversationId, after: Option<NotificationId>, limit: usize) -> Vec<NotificationRow> {
        let mut ids: Vec<NotificationId> =
            self.waiting.iter().filter(|(lane, id)| *lane == of && Some(*id) > after).map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.truncate(limit);
        let row = |id: NotificationId| NotificationRow {
            id,
            conversation: of,
            kind: NotificationKind::Content,
            about: NotificationAbout::Event { dialog: DialogNumber::MAIN, sequence: id.0 },
            at: Timestamp(0),
            state: NotificationState::Waiting,
            tries: NotificationTries::default(),
        };
        ids.into_iter().map(row).collect()
    }
}

/// An app whose time is so long that nothing grows too old.
fn patient() -> Arc<Notified> {
    app("patient", json!({CONTENT: {"endpoint": "https://h/c"}, "retry": {"retention_time": 259_200}}))
}

#[test]
fn random_histories_tell_everything_once_and_in_order() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let app = patient();
        let bounds = Bounds { calls: 3, lane_rows: 2, app_rows: 6, rows: 5, app_lanes: 4 };
        let mut books = Books { lanes: Lanes::new(bounds), now: 0 };
        let mut world = World::default();
        // What the process before left.
        for id in 1..=dice.below(12) {
            let of = conversation(u8::try_from(dice.below(7)).expect("small"));
            world.waiting.push((of, NotificationId(id)));
            world.committed.push((of, id));
        }
        books.lanes.configure(vec![Arc::clone(&app)]);
        let mut under_commit: Vec<(LaneKey, u64)> = Vec::new();
        let mut unheard: Vec<(LaneKey, u64, bool)> = Vec::new();
        let mut on_their_way: Vec<OnItsWay> = Vec::new();
        // Reads and pages that saw the store already, and were not heard yet.
        let mut answers: Vec<Answer> = Vec::new();
        let mut id = 100;
        let steps = 150;
        for step in 0.. {
            let quiet = step >= steps;
            assert!(step < 4_000, "seed {seed}: it never ends");
            match dice.below(7) {
                5 if !unheard.is_empty() => {
                    let at = dice.below(unheard.len() as u64) as usize;
                    let (key, id, committed) = unheard[at];
                    if committed {
                        unheard.remove(at);
                        books.lanes.resolve(key);
                    } else {
                        world.waiting.push((key.conversation, NotificationId(id)));
                        world.committed.push((key.conversation, id));
                        unheard[at].2 = true;
                    }
                }
                0 if !quiet => {
                    let of = conversation(u8::try_from(dice.below(7)).expect("small"));
                    // A conversation's commits follow one another.
                    let free = under_commit.iter().all(|(key, _)| key.conversation != of);
                    if free && unheard.iter().all(|(key, _, committed)| *committed || key.conversation != of) {
                        id += 1;
                        under_commit.push((books.lanes.expect(&app, of), id));
                    }
                }
                1 if !under_commit.is_empty() => {
                    let at = dice.below(under_commit.len() as u64) as usize;
                    let (key, id) = under_commit.remove(at);
                    let stored = (key.conversation, NotificationId(id));
                    match dice.below(8) {
                        0 => books.lanes.abandon(key),
                        1 => {
                            // Nobody will hear whether it was committed.
                            books.lanes.doubt(key);
                            books.lanes.take_doubtful();
                            unheard.push((key, id, false));
                        }
                        late => {
                            world.waiting.push(stored);
                            world.committed.push((stored.0, id));
                            if late == 2 {
                                // Much happens between the commit and its answer.
                                for _ in 0..8 {
                                    step_on(&mut books, &mut world, &mut on_their_way, &mut answers);
                                    answers.drain(..).for_each(|answer| answer(&mut books));
                                    for way in on_their_way.drain(..) {
                                        world.told.push((way.lane.conversation, way.item.id.0));
                                        world.unstored.push(way.item.id);
                                        books.took(way);
                                    }
                                }
                            }
                            let at = Timestamp(books.now);
                            let (kind, told) = (NotificationKind::Content, told(id));
                            books.lanes.push(key, Item { id: stored.1, kind, at, not_before: at, tries: Default::default(), told });
                        }
                    }
                }
                2 if !on_their_way.is_empty() => {
                    let at = dice.below(on_their_way.len() as u64) as usize;
                    let way = on_their_way.remove(at);
                    let (of, id) = (way.lane.conversation, way.item.id);
                    if !quiet && dice.below(3) == 0 {
                        assert_eq!(books.failed(way), NotificationState::Waiting, "seed {seed}");
                    } else {
                        world.told.push((of, id.0));
                        books.took(way);
                        world.unstored.push(id);
                    }
                }
                3 if !answers.is_empty() => {
                    let at = dice.below(answers.len() as u64) as usize;
                    answers.remove(at)(&mut books);
                }
                4 => books.now += dice.below(400_000) as i64,
                _ => step_on(&mut books, &mut world, &mut on_their_way, &mut answers),
            }
            if dice.below(9) == 0 {
                world.store_outcomes();
            }
            let idle = under_commit.is_empty() && unheard.is_empty() && on_their_way.is_empty() && answers.is_empty();
            if quiet && idle && world.told.len() >= world.committed.len() {
                break;
            }
        }
        let mut told = world.told.clone();
        told.sort_unstable();
        let mut committed = world.committed.clone();
        committed.sort_unstable();
        assert_eq!(told, committed, "seed {seed}: everything, and once");
        for of in 0..7 {
            let order: Vec<u64> = world.told.iter().filter(|(lane, _)| *lane == conversation(of)).map(|(_, id)| *id).collect();
            assert!(order.is_sorted(), "seed {seed}: {order:?}");
        }
        assert_eq!(books.lanes.rows(), 0, "seed {seed}");
        // Whatever is still to be looked up finds nothing.
        for _ in 0..50 {
            books.now += 1_000_000;
            step_on(&mut books, &mut world, &mut on_their_way, &mut answers);
            answers.drain(..).for_each(|answer| answer(&mut books));
        }
        assert!(on_their_way.is_empty(), "seed {seed}");
        assert_eq!(books.standing(&app), Standing::Up, "seed {seed}");
    }
}

/// Does the next thing; what is read is read now and heard later.
fn step_on(books: &mut Books, world: &mut World, on_their_way: &mut Vec<OnItsWay>, answers: &mut Vec<Answer>) {
    match books.next() {
        Next::Wait(_) => {}
        Next::Send { lane, item, gate, .. } => on_their_way.push(OnItsWay { lane, item: *item, gate: Some(gate), why: None }),
        Next::Drop { why, .. } => panic!("given up: {why}"),
        Next::Read { lane, after, limit, .. } => {
            if after.is_none() {
                world.store_outcomes();
            }
            let rows = world.rows(lane.conversation, after, limit);
            answers.push(Box::new(move |books| books.lanes.read(lane, rows, limit)));
        }
        Next::Page { slot, after, limit, .. } => {
            let found = world.lanes(after, limit);
            answers.push(Box::new(move |books| books.lanes.paged(slot, Some(found), limit, Timestamp(books.now))));
        }
    }
}

/// Takes everything until nothing is left: the ids of one conversation in their order.
fn all_told(books: &mut Books, world: &mut World, of: ConversationId) -> Vec<u64> {
    let (mut told, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let mut on_their_way = Vec::new();
        step_on(books, world, &mut on_their_way, &mut answers);
        answers.drain(..).for_each(|answer| answer(books));
        for way in on_their_way {
            told.extend((way.lane.conversation == of).then_some(way.item.id.0));
            world.unstored.push(way.item.id);
            books.took(way);
        }
    }
    told
}

#[test]
fn what_is_put_back_goes_before_what_came_since() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    let mut world = World::default();
    for id in [7, 8] {
        world.waiting.push((conversation(1), NotificationId(id)));
        books.content(&app, 1, id);
    }
    let on_its_way = books.started().remove(0);
    // 3 and 5 were delivered long ago.
    world.waiting.extend([(conversation(1), NotificationId(3)), (conversation(2), NotificationId(5))]);
    books.lanes.reload(&app.account, &app.client_id);
    books.failed(on_its_way);
    books.now = 2_000;
    assert_eq!(all_told(&mut books, &mut world, conversation(1)), [3, 7, 8]);
    world.store_outcomes();
    assert_eq!(world.waiting, [], "5 too");
}

#[test]
fn what_was_read_before_rows_were_put_back_is_read_again() {
    let app = by_time();
    let mut books = Books::new(&[&app]);
    let mut world = World::default();
    for id in 1..=9 {
        world.waiting.push((conversation(1), NotificationId(id)));
        books.content(&app, 1, id);
    }
    for _ in 1..=4 {
        let way = books.started().remove(0);
        world.unstored.push(way.item.id);
        books.took(way);
    }
    let mut answers = Vec::new();
    step_on(&mut books, &mut world, &mut Vec::new(), &mut answers);
    world.store_outcomes();
    // While 5 and what follows is on its way from the store, 2 is put back.
    world.waiting.push((conversation(1), NotificationId(2)));
    books.lanes.reload(&app.account, &app.client_id);
    answers.drain(..).for_each(|answer| answer(&mut books));
    assert_eq!(all_told(&mut books, &mut world, conversation(1)), [2, 5, 6, 7, 8, 9]);
}
