//! Thousands of random histories: whatever happens, the invariants hold after each step.

use super::*;
use proptest::prelude::*;

const SETTINGS: RoutingSettings = RoutingSettings {
    auto_accept: false,
    ring_expiration_ms: 72_000,
    offline_after_ms: 60_000,
    return_after_ms: 900_000,
    grace_ms: 60_000,
    suggestion_ms: 7_200_000,
};

fn conversation(n: u8) -> ConversationId {
    ConversationId([n; 16])
}

fn task(n: u8, skill: Option<i64>, at: Timestamp) -> Task {
    Task::new(conversation(n), ConsumerId([n; 32]), skill.map(SkillId), at)
}

fn agent(router: &mut Router, id: i64, max: u32, skills: &[i64], now: Timestamp) {
    let skills = skills.iter().copied().map(SkillId).collect();
    router.apply(Input::Agent { agent: UserId(id), max_conversations: max, skills }, now);
}

fn arrive(router: &mut Router, id: i64, now: Timestamp) -> Vec<Decision> {
    let mut decisions = router.apply(Input::Sockets { agent: UserId(id), open: 1, listening: 1 }, now);
    decisions.extend(router.apply(Input::SetAvailability(UserId(id), Availability::Online), now));
    decisions
}

fn offers(decisions: &[Decision]) -> Vec<(ConversationId, UserId)> {
    decisions.iter().filter_map(|d| if let Decision::Offer(ring) = d { Some((ring.conversation, ring.agent)) } else { None }).collect()
}

#[test]
fn first_come_first_served_within_a_skill() {
    let mut router = Router::new(SETTINGS);
    agent(&mut router, 1, 2, &[5], Timestamp(0));
    for n in [3, 1, 2] {
        router.apply(Input::Enqueue(task(n, Some(5), Timestamp(i64::from(n) * 10))), Timestamp(100));
    }
    let decisions = arrive(&mut router, 1, Timestamp(200));
    assert_eq!(offers(&decisions), vec![(conversation(1), UserId(1)), (conversation(2), UserId(1))], "two slots, the two oldest");
}

#[test]
fn a_declined_conversation_goes_to_somebody_else_and_keeps_its_place() {
    let mut router = Router::new(SETTINGS);
    agent(&mut router, 1, 5, &[5], Timestamp(0));
    agent(&mut router, 2, 5, &[5], Timestamp(0));
    arrive(&mut router, 1, Timestamp(0));
    let offered = router.apply(Input::Enqueue(task(1, Some(5), Timestamp(10))), Timestamp(10));
    assert_eq!(offers(&offered), vec![(conversation(1), UserId(1))]);
    let ring = router.task(conversation(1)).and_then(|t| t.ring).expect("rings");
    let answer = Input::Answer { conversation: ring.conversation, offered_at: ring.offered_at, agent: UserId(1), accept: false };
    let decisions = router.apply(answer, Timestamp(20));
    assert_eq!(decisions, vec![Decision::End(ring, RingState::Rejected)], "nobody else is there, and the grace holds");
    let decisions = router.apply(Input::Tick, Timestamp(20 + SETTINGS.grace_ms));
    assert_eq!(offers(&decisions), vec![(conversation(1), UserId(1))], "after the grace the same agent is asked again");
}

#[test]
fn an_unanswered_ring_expires_and_moves_on() {
    let mut router = Router::new(SETTINGS);
    agent(&mut router, 1, 5, &[5], Timestamp(0));
    agent(&mut router, 2, 5, &[5], Timestamp(0));
    arrive(&mut router, 1, Timestamp(0));
    router.apply(Input::Enqueue(task(1, Some(5), Timestamp(10))), Timestamp(10));
    arrive(&mut router, 2, Timestamp(20));
    assert_eq!(router.next_deadline(), Some(Timestamp(10 + 72_000)));
    let decisions = router.apply(Input::Tick, Timestamp(10 + 72_000));
    assert!(matches!(decisions[0], Decision::End(_, RingState::Expired)));
    assert_eq!(offers(&decisions), vec![(conversation(1), UserId(2))]);
}

#[test]
fn the_last_socket_gone_returns_rings_at_once_then_the_state_then_the_conversations() {
    let mut router = Router::new(SETTINGS);
    agent(&mut router, 1, 5, &[5], Timestamp(0));
    arrive(&mut router, 1, Timestamp(0));
    router.apply(Input::Enqueue(task(1, Some(5), Timestamp(1))), Timestamp(1));
    let ring = router.task(conversation(1)).and_then(|t| t.ring).expect("rings");
    router.apply(
        Input::Answer { conversation: ring.conversation, offered_at: ring.offered_at, agent: UserId(1), accept: true },
        Timestamp(2),
    );
    router.apply(Input::Enqueue(task(2, Some(5), Timestamp(3))), Timestamp(3));
    let gone = Input::Sockets { agent: UserId(1), open: 0, listening: 0 };
    let decisions = router.apply(gone.clone(), Timestamp(10));
    assert!(matches!(decisions[..], [Decision::End(_, RingState::Cancelled)]), "{decisions:?}");
    let decisions = router.apply(Input::Tick, Timestamp(10 + SETTINGS.offline_after_ms));
    assert_eq!(decisions, vec![Decision::Availability(UserId(1), Availability::Offline)]);
    let decisions = router.apply(Input::Tick, Timestamp(10 + SETTINGS.return_after_ms));
    assert_eq!(decisions, vec![Decision::ReturnWaiting(UserId(1), vec![conversation(1)])]);

    arrive(&mut router, 1, Timestamp(2_000_000));
    router.apply(gone, Timestamp(2_000_001));
    arrive(&mut router, 1, Timestamp(2_000_002));
    assert!(
        router
            .apply(Input::Tick, Timestamp(9_000_000))
            .iter()
            .all(|d| !matches!(d, Decision::Availability(..) | Decision::ReturnWaiting(..))),
        "coming back cancels it"
    );
}

#[test]
fn occupied_takes_only_what_is_transferred_to_them() {
    for (state, takes) in
        [(Availability::Occupied, true), (Availability::BackSoon, true), (Availability::Away, false), (Availability::Offline, false)]
    {
        let mut router = Router::new(SETTINGS);
        agent(&mut router, 1, 5, &[5], Timestamp(0));
        arrive(&mut router, 1, Timestamp(0));
        router.apply(Input::SetAvailability(UserId(1), state), Timestamp(0));
        assert!(offers(&router.apply(Input::Enqueue(task(1, Some(5), Timestamp(1))), Timestamp(1))).is_empty(), "{state:?}");
        let mut transferred = task(2, Some(5), Timestamp(2));
        transferred.reserved = Some((UserId(1), Timestamp(1_000_000)));
        assert_eq!(!offers(&router.apply(Input::Enqueue(transferred), Timestamp(2))).is_empty(), takes, "{state:?}");
    }
}

#[test]
fn a_transfer_that_is_not_taken_falls_back_to_the_skill() {
    let mut router = Router::new(SETTINGS);
    agent(&mut router, 1, 5, &[5], Timestamp(0));
    agent(&mut router, 2, 5, &[5], Timestamp(0));
    arrive(&mut router, 2, Timestamp(0));
    let mut transferred = task(1, Some(5), Timestamp(2));
    transferred.reserved = Some((UserId(1), Timestamp(50_000)));
    assert!(offers(&router.apply(Input::Enqueue(transferred), Timestamp(2))).is_empty(), "agent 2 is free, but it is not theirs");
    let decisions = router.apply(Input::Tick, Timestamp(50_000));
    assert_eq!(decisions[0], Decision::WithdrawSuggestion(conversation(1), UserId(1)));
    assert_eq!(offers(&decisions), vec![(conversation(1), UserId(2))]);
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue { conversation: u8, skill: Option<i64>, reserved: Option<i64> },
    Remove(u8),
    Answer { agent: i64, accept: bool },
    Unseat { agent: i64 },
    Set { agent: i64, state: usize },
    Sockets { agent: i64, open: u32, listening: u32 },
    Max { agent: i64, max: u32 },
    AutoAccept(bool),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 1..5i64;
    prop_oneof![
        4 => (0..12u8, proptest::option::of(1..3i64), proptest::option::weighted(0.2, 1..5i64))
            .prop_map(|(conversation, skill, reserved)| Step::Enqueue { conversation, skill, reserved }),
        1 => (0..12u8).prop_map(Step::Remove),
        4 => (agent.clone(), any::<bool>()).prop_map(|(agent, accept)| Step::Answer { agent, accept }),
        1 => agent.clone().prop_map(|agent| Step::Unseat { agent }),
        3 => (agent.clone(), 0..5usize).prop_map(|(agent, state)| Step::Set { agent, state }),
        3 => (agent.clone(), 0..3u32, 0..3u32).prop_map(|(agent, open, listening)| Step::Sockets { agent, open, listening }),
        1 => (agent, 0..4u32).prop_map(|(agent, max)| Step::Max { agent, max }),
        1 => any::<bool>().prop_map(Step::AutoAccept),
        2 => prop_oneof![Just(1i64), Just(30_000), Just(72_000), Just(900_000)].prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn no_history_breaks_the_invariants(steps in proptest::collection::vec(step(), 1..60)) {
        let mut router = Router::new(SETTINGS);
        let mut now = Timestamp(1_000);
        for (id, skills) in [(1, vec![1]), (2, vec![1, 2]), (3, vec![2]), (4, vec![])] {
            agent(&mut router, id, 2, &skills, now);
        }
        for step in steps {
            let mut lowered = None;
            let input = match step {
                Step::Enqueue { conversation: n, skill, reserved } => {
                    if router.agents().any(|(_, seat)| seat.open.contains(&conversation(n))) { continue }
                    let mut fresh = task(n, skill, now);
                    fresh.reserved = reserved.map(|agent| (UserId(agent), now.plus_ms(100_000)));
                    Input::Enqueue(fresh)
                }
                Step::Remove(n) => Input::Remove(conversation(n)),
                Step::Answer { agent, accept } => match router.rings_of(UserId(agent)).first() {
                    Some(ring) => Input::Answer { conversation: ring.conversation, offered_at: ring.offered_at, agent: UserId(agent), accept },
                    None => continue,
                },
                Step::Unseat { agent } => match router.agent(UserId(agent)).and_then(|seat| seat.open.first().copied()) {
                    Some(held) => Input::Unseat(held, UserId(agent)),
                    None => continue,
                },
                Step::Set { agent, state } => Input::SetAvailability(UserId(agent), Availability::ALL[state]),
                Step::Sockets { agent, open, listening } => Input::Sockets { agent: UserId(agent), open, listening },
                Step::Max { agent, max } => {
                    lowered = Some(UserId(agent));
                    let skills = router.agent(UserId(agent)).map(|seat| seat.skills.clone()).unwrap_or_default();
                    Input::Agent { agent: UserId(agent), max_conversations: max, skills }
                }
                Step::AutoAccept(auto_accept) => Input::Settings(RoutingSettings { auto_accept, ..SETTINGS }),
                Step::Wait(ms) => { now = now.plus_ms(ms); Input::Tick }
            };
            let before: BTreeMap<UserId, u32> = router.agents().map(|(id, seat)| (id, seat.load())).collect();
            router.apply(input, now);
            check_invariants(&router, &before, lowered, now)?;
        }
    }
}

fn check_invariants(router: &Router, before: &BTreeMap<UserId, u32>, lowered: Option<UserId>, now: Timestamp) -> Result<(), TestCaseError> {
    for (id, seat) in router.agents() {
        let above = seat.load() > seat.max_conversations;
        // Lowering the limit below what an agent holds takes nothing away; it only must never grow from there.
        prop_assert!(!above || lowered == Some(id) || seat.load() <= before[&id], "agent {id} above capacity");
        for ringing in &seat.ringing {
            let ring = router.task(*ringing).and_then(|task| task.ring);
            prop_assert_eq!(ring.map(|ring| ring.agent), Some(id), "a ring on both sides");
            prop_assert!(!seat.open.contains(ringing));
        }
    }
    for task in router.tasks.values() {
        let holders = router.agents().filter(|(_, seat)| seat.open.contains(&task.conversation)).count();
        prop_assert_eq!(holders, 0, "queued and assigned at once");
        let ringing = router.agents().filter(|(_, seat)| seat.ringing.contains(&task.conversation)).count();
        prop_assert_eq!(ringing, usize::from(task.ring.is_some()), "one live ring");
        if task.ring.is_some() {
            continue;
        }
        let free = router.agents().find(|(id, seat)| {
            let state = match task.reserved {
                Some((agent, _)) => agent == *id && seat.availability.takes_transfers(),
                None => seat.availability.takes_new() && task.skill.is_none_or(|skill| seat.skills.contains(&skill)),
            };
            let declined = task.declined.iter().any(|(agent, until)| agent == id && *until > now);
            state && !declined && seat.has_room(router.settings.auto_accept)
        });
        prop_assert!(free.is_none(), "{:?} waits while {:?} is free", task.conversation, free.map(|(id, _)| id));
    }
    let queued: usize = [None, Some(SkillId(1)), Some(SkillId(2))].into_iter().map(|skill| router.waiting(skill)).sum();
    prop_assert_eq!(queued, router.waiting_in_all());
    Ok(())
}
