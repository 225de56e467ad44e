//! One run of an agent, from joining to its end.

use std::{future::pending, time::Duration};

use chrono::TimeDelta;
use common::clock;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    AgentEnd,
    keeper::{Keeper, Post},
};
use crate::domain::AgentStatus;

/// How often an agent is noted to be alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long an agent that is told to end may take, its leaving of the room included.
const DRAIN: Duration = Duration::from_secs(13);
/// An agent that left its room has so long to be back by itself.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// By so much the one after it looks further back than the one before it was last seen: for three minutes a segment may
/// wait for its translation, and the one before it was also seen while it drained.
const OVERLAP: TimeDelta = TimeDelta::seconds(200);

/// How a run came to its end.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was told to.
    Told,
    /// Something else is wanted of it.
    Changed,
    /// By itself, after having been in the room for so long.
    Ended(AgentEnd, Duration),
}

/// Why a run was told to end.
enum Wish {
    End,
    Change,
    /// It is not where it should be.
    Lost,
}

impl Keeper {
    /// Runs the agent until it ends, something else is wanted of it, or it is told to end.
    pub(super) async fn attempt(&mut self, post: &mut Post) -> Outcome {
        let spec = post.spec.borrow_and_update().clone();
        let resume_since = self.agent.seen_alive_at.map(|seen| seen - OVERLAP);
        let job = self.job(&spec, resume_since);
        let (told, mut in_room) = watch::channel(false);
        let cancel = CancellationToken::new();
        let spawner = std::sync::Arc::clone(&self.workshop.spawner);
        let shutdown = cancel.clone();
        // A task of its own: it must not wait for what is done here, and its panics end there.
        let run = tokio::spawn(async move { spawner.run(job, told, shutdown).await });
        let mut run = AbortOnDropHandle::new(run);
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut joined_at, mut look_at, mut give_up_at) = (None, None, None);
        let (mut wish, mut hears) = (None, true);
        loop {
            let wanted = wish.is_none();
            tokio::select! {
                ended = &mut run => {
                    self.seen(*in_room.borrow());
                    let healthy = joined_at.map_or(Duration::ZERO, |at: Instant| at.elapsed());
                    let end = match ended {
                        Ok(Ok(())) => AgentEnd::Failed("it ended by itself".to_owned()),
                        Ok(Err(end)) => end,
                        Err(error) if error.is_panic() => AgentEnd::Failed("it panicked".to_owned()),
                        Err(_) => AgentEnd::Failed("it was aborted".to_owned()),
                    };
                    return Self::outcome(wish.as_ref(), end, healthy);
                }
                () = post.stop.cancelled(), if wanted => wish = Some(Wish::End),
                changed = post.spec.changed(), if wanted => {
                    wish = Some(if changed.is_ok() { Wish::Change } else { Wish::End });
                }
                changed = in_room.changed(), if hears => {
                    hears = changed.is_ok();
                    if hears {
                        let is_there = *in_room.borrow_and_update();
                        joined_at = is_there.then(Instant::now);
                        look_at = None;
                        self.seen(true);
                        self.set(if is_there { AgentStatus::Active } else { AgentStatus::Joining }).await;
                    }
                }
                _ = heartbeat.tick() => {
                    let is_there = *in_room.borrow();
                    self.seen(is_there);
                    self.heartbeat(is_there).await;
                }
                () = post.check.notified() => look_at = Some(Instant::now() + BACK_WITHIN),
                () = at(look_at), if wanted => {
                    look_at = None;
                    if self.is_missing().await {
                        wish = Some(Wish::Lost);
                    }
                }
                () = at(give_up_at) => {
                    tracing::warn!(agent.id = %self.agent.agent_id, "an agent did not end in time and is cut off");
                    return Self::outcome(wish.as_ref(), AgentEnd::Failed("it did not end in time".to_owned()), Duration::ZERO);
                }
            }
            if wanted && wish.is_some() {
                cancel.cancel();
                give_up_at = Some(Instant::now() + DRAIN);
            }
        }
    }

    fn outcome(wish: Option<&Wish>, end: AgentEnd, healthy: Duration) -> Outcome {
        match wish {
            None => Outcome::Ended(end, healthy),
            Some(Wish::End) => Outcome::Told,
            Some(Wish::Change) => Outcome::Changed,
            Some(Wish::Lost) => {
                Outcome::Ended(AgentEnd::Failed("it was not in its room any more".to_owned()), healthy)
            }
        }
    }

    /// Notes that it is at work now, if it is.
    fn seen(&mut self, is_there: bool) {
        if is_there {
            self.agent.seen_alive_at = Some(clock::now());
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
