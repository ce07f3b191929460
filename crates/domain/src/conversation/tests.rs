//! Histories of a conversation: whatever is asked of it, its invariants hold.

use super::*;
use crate::routing::Ring;
use proptest::prelude::*;

fn opened(now: i64) -> Conversation {
    let opening = Opening {
        id: ConversationId([1; 16]),
        account: "12".parse().expect("an account id"),
        consumer: ConsumerId([9; 32]),
        source: SourceId(1),
        skill: Some(SkillId(5)),
        response_time: (ResponseTimeKind::Normal, 600),
        first: true,
        by: Party::Consumer(ConsumerId([9; 32])),
        origin: None,
    };
    Conversation::open(opening, Timestamp(now)).0
}

fn consumer() -> Originator {
    Originator { party: Party::Consumer(ConsumerId([9; 32])), role: Role::Consumer }
}

fn agent(user: i64) -> Originator {
    Originator { party: Party::User(UserId(user)), role: Role::AssignedAgent }
}

fn says(originator: Originator) -> Draft {
    Draft { originator, vendor_at: None, audience: Audience::All, body: EventBody::text("hello"), metadata: None }
}

fn reads(originator: Originator, sequences: &[Sequence]) -> Draft {
    let body = EventBody::Accept { status: AcceptStatus::Read, sequences: sequences.to_vec() };
    Draft { originator, vendor_at: None, audience: Audience::All, body, metadata: None }
}

#[test]
fn the_wait_runs_from_the_first_unanswered_message_to_the_answer() {
    let mut conversation = opened(0);
    conversation.append(DialogNumber::MAIN, says(consumer()), Timestamp(1_000)).expect("appends");
    conversation.append(DialogNumber::MAIN, says(consumer()), Timestamp(5_000)).expect("appends");
    assert_eq!(conversation.waiting_since, Some(Timestamp(1_000)));
    assert_eq!(conversation.due_at(), Some(Timestamp(601_000)));
    let note = Draft { audience: Audience::AgentsAndManagers, ..says(agent(1)) };
    conversation.append(DialogNumber::MAIN, note, Timestamp(6_000)).expect("appends");
    assert_eq!(conversation.waiting_since, Some(Timestamp(1_000)), "a private note answers nobody");
    conversation.append(DialogNumber::MAIN, says(agent(1)), Timestamp(7_000)).expect("appends");
    assert_eq!((conversation.waiting_since, conversation.due_at()), (None, None));
}

#[test]
fn back_to_the_queue_starts_the_wait_anew() {
    let mut conversation = opened(0);
    conversation.append(DialogNumber::MAIN, says(consumer()), Timestamp(1)).expect("appends");
    conversation.assign(UserId(1), None, Timestamp(2)).expect("assigns");
    conversation.append(DialogNumber::MAIN, says(agent(1)), Timestamp(3)).expect("appends");
    conversation.unassign(UserId(1), None, Timestamp(50)).expect("unassigns");
    assert_eq!(conversation.waiting_since, Some(Timestamp(50)));
    assert_eq!(conversation.unassign(UserId(1), None, Timestamp(51)), Err(Refused::NotAParticipant));
}

#[test]
fn reading_lowers_the_readers_own_count_only() {
    let mut conversation = opened(0);
    conversation.assign(UserId(1), None, Timestamp(1)).expect("assigns");
    for at in 2..5 {
        conversation.append(DialogNumber::MAIN, says(consumer()), Timestamp(at)).expect("appends");
    }
    let unread = |conversation: &Conversation| conversation.main().participants.iter().map(|p| p.unread).collect::<Vec<_>>();
    assert_eq!(unread(&conversation), vec![0, 3]);
    conversation.append(DialogNumber::MAIN, reads(agent(1), &[0, 1]), Timestamp(6)).expect("appends");
    assert_eq!(unread(&conversation), vec![0, 1]);
    conversation.append(DialogNumber::MAIN, reads(agent(1), &[0, 1]), Timestamp(7)).expect("appends");
    assert_eq!(unread(&conversation), vec![0, 1], "a repeated receipt changes nothing");
    conversation.append(DialogNumber::MAIN, reads(agent(1), &[2]), Timestamp(8)).expect("appends");
    assert_eq!(unread(&conversation), vec![0, 0]);
    assert_eq!(conversation.append(DialogNumber::MAIN, reads(agent(1), &[99]), Timestamp(9)), Err(Refused::NoSuchEvent));
}

#[test]
fn a_suggestion_becomes_real_or_is_withdrawn() {
    let mut conversation = opened(0);
    conversation.suggest(UserId(2), None, Timestamp(1)).expect("suggests");
    assert_eq!(conversation.assigned_agent(), None);
    assert_eq!(conversation.role_of(UserId(2)), None, "a proposal gives no rights");
    conversation.assign(UserId(2), None, Timestamp(2)).expect("assigns");
    assert_eq!(conversation.assigned_agent(), Some(UserId(2)));
    assert_eq!(conversation.withdraw_suggestion(UserId(2), Timestamp(3)), Err(Refused::NotAParticipant));
}

#[derive(Clone, Debug)]
enum Step {
    Consumer,
    Agent(i64),
    Read(i64, u64),
    Assign(i64),
    Unassign(i64),
    Suggest(i64),
    Withdraw(i64),
    Join(i64, usize),
    Leave(i64, usize),
    Skill(Option<i64>),
    Close,
    /// Ends a dialog, with a survey or without.
    End(u16, bool),
    /// Somebody writes in the survey: the consumer, or a user.
    InSurvey(Option<i64>),
    JoinSurvey(i64),
    Rate,
    Due(Option<i64>),
    Delay(i64),
    Tag(u16),
    Ring,
}

fn step() -> impl Strategy<Value = Step> {
    let user = 1..4i64;
    prop_oneof![
        4 => Just(Step::Consumer),
        3 => user.clone().prop_map(Step::Agent),
        3 => (user.clone(), 0..12u64).prop_map(|(user, sequence)| Step::Read(user, sequence)),
        3 => user.clone().prop_map(Step::Assign),
        2 => user.clone().prop_map(Step::Unassign),
        1 => user.clone().prop_map(Step::Suggest),
        1 => user.clone().prop_map(Step::Withdraw),
        2 => (user.clone(), 2..6usize).prop_map(|(user, role)| Step::Join(user, role)),
        2 => (user, 2..6usize).prop_map(|(user, role)| Step::Leave(user, role)),
        1 => proptest::option::of(1..3i64).prop_map(Step::Skill),
        1 => Just(Step::Close),
        2 => (0..3u16, any::<bool>()).prop_map(|(dialog, survey)| Step::End(dialog, survey)),
        2 => proptest::option::of(1..4i64).prop_map(Step::InSurvey),
        1 => (1..4i64).prop_map(Step::JoinSurvey),
        1 => Just(Step::Rate),
        1 => proptest::option::of(0..90i64).prop_map(Step::Due),
        1 => (0..90i64).prop_map(Step::Delay),
        1 => (0..3u16).prop_map(Step::Tag),
        1 => Just(Step::Ring),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_history_breaks_a_conversation(steps in proptest::collection::vec(step(), 0..50)) {
        let mut conversation = opened(0);
        let mut expected_sequences = [0, 0];
        for (index, step) in steps.into_iter().enumerate() {
            // Time that stands still or runs back must not disturb the order.
            let now = Timestamp(if index % 5 == 4 { 3 } else { 10 + index as i64 });
            let before = conversation.clone();
            let mut moved = 1;
            let appended = match step {
                Step::Consumer => Some(conversation.append(DialogNumber::MAIN, says(consumer()), now)),
                Step::Agent(user) => Some(conversation.append(DialogNumber::MAIN, says(agent(user)), now)),
                Step::Read(user, sequence) => Some(conversation.append(DialogNumber::MAIN, reads(agent(user), &[sequence]), now)),
                Step::InSurvey(None) => Some(conversation.append(DialogNumber(1), says(consumer()), now)),
                Step::InSurvey(Some(user)) => Some(conversation.append(DialogNumber(1), says(agent(user)), now)),
                _ => None,
            };
            let refused = match (&appended, step) {
                (Some(outcome), _) => outcome.as_ref().err().copied(),
                (None, Step::Assign(user)) => conversation.assign(UserId(user), None, now).err(),
                (None, Step::Unassign(user)) => conversation.unassign(UserId(user), None, now).err(),
                (None, Step::Suggest(user)) => conversation.suggest(UserId(user), None, now).err(),
                (None, Step::Withdraw(user)) => conversation.withdraw_suggestion(UserId(user), now).err(),
                (None, Step::Join(user, role)) => conversation.join(DialogNumber::MAIN, UserId(user), Role::ALL[role], now).err(),
                (None, Step::Leave(user, role)) => conversation.leave(DialogNumber::MAIN, UserId(user), Role::ALL[role], None, now).err(),
                (None, Step::Skill(skill)) => conversation.change_skill(skill.map(SkillId), None, now).err(),
                (None, Step::Close) => conversation.close(ClosedBy::Agent, None, None, now).err(),
                (None, Step::End(dialog, survey)) => {
                    let app = survey.then(|| "survey-app".into());
                    let ended = conversation.close_dialog(DialogNumber(dialog), ClosedBy::Consumer, None, app, None, now);
                    moved = ended.as_ref().map_or(1, Vec::len) as u64;
                    ended.err()
                }
                (None, Step::JoinSurvey(user)) => conversation.join(DialogNumber(1), UserId(user), Role::Agent, now).err(),
                (None, Step::Rate) => {
                    conversation.rate(Rating { stars: Some(5), resolved: None, status: RatingStatus::Filled }, None, now);
                    None
                }
                (None, Step::Due(due)) => conversation.set_due(due.map(Timestamp), None, now).err(),
                (None, Step::Delay(till)) => {
                    conversation.set_delay(Some(Delay { kind: "NIGHT".into(), till: Timestamp(till) }), None, now).err()
                }
                (None, Step::Tag(dialog)) => conversation.tag_dialog(DialogNumber(dialog), Some("[]".into()), None, now).err(),
                (None, Step::Ring) => {
                    let ring = Ring { conversation: conversation.id, offered_at: now, agent: UserId(1), expires_at: now };
                    conversation.note_ring(&ring, RingState::Expired, now);
                    let quiet = Conversation { version: before.version + 1, ..before.clone() };
                    prop_assert_eq!(&conversation, &quiet, "the record of an offer moves nothing else");
                    None
                }
                (None, Step::Consumer | Step::Agent(_) | Step::Read(..) | Step::InSurvey(_)) => None,
            };
            if let Some(Ok(event)) = &appended {
                let expected = &mut expected_sequences[usize::from(event.dialog.0)];
                prop_assert_eq!(event.sequence, *expected, "gapless from 0 in each dialog");
                *expected += 1;
            }
            if refused.is_some() {
                prop_assert_eq!(&conversation, &before, "a refusal changes nothing");
            } else {
                prop_assert_eq!(conversation.version, before.version + moved);
            }
            prop_assert!(conversation.updated_at >= before.updated_at);
            prop_assert!(before.open || !conversation.open, "closing is final");
            let assigned = conversation.main().participants.iter().filter(|p| p.role == Role::AssignedAgent && !p.suggested).count();
            prop_assert!(assigned <= 1, "one assigned agent");
            let consumers = conversation.main().participants.iter().filter(|p| p.role == Role::Consumer).count();
            prop_assert_eq!(consumers, 1);
            let first_suggested = conversation.main().participants.iter().position(|p| p.suggested);
            let last_active = conversation.main().participants.iter().rposition(|p| !p.suggested);
            prop_assert!(first_suggested.is_none_or(|at| Some(at) > last_active), "proposals are listed last");
            for (dialog, expected) in conversation.dialogs.iter().zip(expected_sequences) {
                prop_assert_eq!(dialog.next_sequence, expected);
            }
            prop_assert!(conversation.main().open || conversation.due_at().is_none(), "nothing is owed after the main dialog");
            prop_assert_eq!(conversation.open, conversation.dialogs.iter().any(|dialog| dialog.open), "open while a dialog is");
            prop_assert_eq!(conversation.ended_at.is_some(), !conversation.open);
            prop_assert_eq!(conversation.closed_by.is_some(), !conversation.main().open);
            prop_assert!(conversation.dialogs.len() <= 2, "one survey at most");
            for (dialog, was) in conversation.dialogs.iter().zip(&before.dialogs) {
                prop_assert!(was.open || !dialog.open, "closing is final for each dialog");
                prop_assert_eq!(dialog.ended_at.is_some(), !dialog.open);
            }
            if let Some(survey) = conversation.dialogs.get(1) {
                prop_assert!(!conversation.main().open && conversation.assigned_agent().is_some(), "only after somebody served");
                prop_assert_eq!(survey.app.as_deref(), Some("survey-app"));
                prop_assert!(survey.participants[0].role == Role::Consumer && survey.participants[1].role == Role::Reader);
            }
        }
    }
}
