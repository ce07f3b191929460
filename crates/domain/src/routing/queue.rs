//! The queues and the index of free agents: finding the next match costs a look at the heads, never a scan of what waits.

use super::{AgentSeat, Task};
use crate::{ConversationId, SkillId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Place = (Timestamp, ConversationId);
/// Least loaded first, then longest without an assignment.
type Rank = (u32, Timestamp, UserId);

#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    /// Ready to be offered, per skill, first in first out.
    ready: BTreeMap<Option<SkillId>, BTreeSet<Place>>,
    /// Reserved for one agent, per agent.
    reserved: BTreeMap<UserId, BTreeSet<Place>>,
    /// How many wait or ring, per skill.
    counts: BTreeMap<Option<SkillId>, usize>,
    /// Agents with room for new ones, per skill, and all of them under `None`.
    free: BTreeMap<Option<SkillId>, BTreeSet<Rank>>,
    /// What each agent stands under in `free`.
    ranks: HashMap<UserId, (Rank, Vec<Option<SkillId>>)>,
    /// Agents with room for transfers to them.
    transferable: BTreeSet<UserId>,
}

impl Queues {
    pub(super) fn insert(&mut self, task: &Task) {
        *self.counts.entry(task.skill).or_default() += 1;
        self.make_ready(task);
    }

    pub(super) fn remove(&mut self, task: &Task) {
        self.make_busy(task);
        if let Some(count) = self.counts.get_mut(&task.skill) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&task.skill);
            }
        }
    }

    pub(super) fn waiting(&self, skill: Option<SkillId>) -> usize {
        self.counts.get(&skill).copied().unwrap_or(0)
    }

    /// The task can be offered (again).
    pub(super) fn make_ready(&mut self, task: &Task) {
        self.make_busy(task);
        if task.ring.is_some() {
            return;
        }
        let place = (task.enqueued_at, task.conversation);
        match task.reserved {
            Some((agent, _)) => self.reserved.entry(agent).or_default().insert(place),
            None => self.ready.entry(task.skill).or_default().insert(place),
        };
    }

    /// The task rings, or is gone.
    pub(super) fn make_busy(&mut self, task: &Task) {
        let place = (task.enqueued_at, task.conversation);
        if let Some(queue) = self.ready.get_mut(&task.skill) {
            queue.remove(&place);
            if queue.is_empty() {
                self.ready.remove(&task.skill);
            }
        }
        self.reserved.retain(|_, queue| {
            queue.remove(&place);
            !queue.is_empty()
        });
    }

    /// Puts an agent where their state belongs.
    pub(super) fn refresh_agent(&mut self, agent: UserId, seat: &AgentSeat, auto_accept: bool) {
        if let Some((rank, skills)) = self.ranks.remove(&agent) {
            for skill in skills {
                if let Some(free) = self.free.get_mut(&skill) {
                    free.remove(&rank);
                    if free.is_empty() {
                        self.free.remove(&skill);
                    }
                }
            }
        }
        self.transferable.remove(&agent);
        if !seat.has_room(auto_accept) {
            return;
        }
        if seat.availability.takes_transfers() {
            self.transferable.insert(agent);
        }
        if seat.availability.takes_new() {
            let rank = (seat.load(), seat.last_assigned_at, agent);
            let skills: Vec<Option<SkillId>> = seat.skills.iter().copied().map(Some).chain([None]).collect();
            for skill in &skills {
                self.free.entry(*skill).or_default().insert(rank);
            }
            self.ranks.insert(agent, (rank, skills));
        }
    }

    /// The next conversation and the agent to offer it to: reserved ones first, then the longest waiting of all skills.
    pub(super) fn next_match(
        &self,
        tasks: &HashMap<ConversationId, Task>,
        agents: &BTreeMap<UserId, AgentSeat>,
        auto_accept: bool,
        now: Timestamp,
    ) -> Option<(ConversationId, UserId)> {
        for (agent, queue) in &self.reserved {
            let fits = agents.get(agent).is_some_and(|seat| seat.has_room(auto_accept)) && self.transferable.contains(agent);
            if let (true, Some((_, conversation))) = (fits, queue.first()) {
                return Some((*conversation, *agent));
            }
        }
        let mut heads: Vec<(Place, UserId)> = Vec::new();
        for (skill, queue) in &self.ready {
            let Some(free) = self.free.get(skill) else { continue };
            // Only those who just gave the conversation back are passed over, so few places are looked at twice.
            let fit = queue.iter().find_map(|place| {
                let task = tasks.get(&place.1)?;
                let willing = |rank: &&Rank| !task.declined.iter().any(|(agent, until)| *agent == rank.2 && *until > now);
                free.iter().find(willing).map(|rank| (*place, rank.2))
            });
            heads.extend(fit);
        }
        heads.into_iter().min().map(|((_, conversation), agent)| (conversation, agent))
    }
}
