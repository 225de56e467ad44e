//! Agents as a test says.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use common::{
    LanguageTag,
    ids::{ChannelId, EventId},
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::agents::{AgentEnd, Job, Listeners, Spawner};

/// What a test has an agent do.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// End like this.
    End(AgentEnd),
    /// Panic.
    Panic,
}

/// Agents that join at once and stay until a test ends them.
#[derive(Default)]
pub(crate) struct FakeSpawner {
    jobs: Mutex<Vec<Job>>,
    present: Mutex<HashMap<String, mpsc::UnboundedSender<Fate>>>,
    /// They do not end when they are told to.
    stubborn: AtomicBool,
    finished: AtomicUsize,
}

impl FakeSpawner {
    /// All jobs that were begun, in their order.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.jobs.lock().clone()
    }

    /// How often that agent was begun.
    pub(crate) fn begun(&self, agent_id: &str) -> usize {
        self.jobs.lock().iter().filter(|job| job.agent_id == agent_id).count()
    }

    /// Who works now, by identity.
    pub(crate) fn present(&self) -> Vec<String> {
        let mut present: Vec<_> = self.present.lock().keys().cloned().collect();
        present.sort();
        present
    }

    /// Has that agent meet its fate.
    pub(crate) fn strike(&self, agent_id: &str, fate: Fate) {
        let agent = self.present.lock().get(agent_id).cloned().expect("it is there");
        agent.send(fate).expect("it listens");
    }

    /// From now on agents do not end when they are told to.
    pub(crate) fn set_stubborn(&self) {
        self.stubborn.store(true, Ordering::Relaxed);
    }

    /// How many ended as they were told.
    pub(crate) fn finished(&self) -> usize {
        self.finished.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Spawner for FakeSpawner {
    async fn run(
        &self,
        job: Job,
        in_room: watch::Sender<bool>,
        shutdown: CancellationToken,
    ) -> Result<(), AgentEnd> {
        let agent_id = job.agent_id.clone();
        let (fate, mut met) = mpsc::unbounded_channel();
        self.jobs.lock().push(job);
        self.present.lock().insert(agent_id.clone(), fate);
        in_room.send_replace(true);
        let told = async {
            shutdown.cancelled().await;
            if self.stubborn.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let fate = tokio::select! {
            fate = met.recv() => fate,
            () = told => None,
        };
        self.present.lock().remove(&agent_id);
        match fate {
            Some(Fate::End(end)) => Err(end),
            Some(Fate::Panic) => panic!("a test says so"),
            None => {
                self.finished.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// Nobody outside rooms.
#[derive(Default)]
pub(crate) struct FakeListeners(Mutex<Vec<EventId>>);

impl FakeListeners {
    /// Of which events it was told that rooms changed.
    pub(crate) fn told(&self) -> Vec<EventId> {
        self.0.lock().clone()
    }
}

impl Listeners for FakeListeners {
    fn followed(&self, _: EventId, _: ChannelId, _: &LanguageTag) -> watch::Receiver<bool> {
        watch::channel(false).1
    }

    fn rooms_changed(&self, event_id: EventId) {
        self.0.lock().push(event_id);
    }
}
