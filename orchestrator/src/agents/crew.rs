//! All agents of a session.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    AgentSpec,
    keeper::{Keeper, Post, Workshop},
};
use crate::domain::Session;

/// The agents of a session, each kept at work by a task of its own.
pub(crate) struct Crew {
    workshop: Workshop,
    members: HashMap<String, Member>,
    /// Those that are not wanted any more and finish what they have in hand.
    leaving: HashMap<String, JoinHandle<()>>,
    checks: Checks,
}

/// Has agents looked for, by identity.
#[derive(Clone, Default)]
pub(crate) struct Checks(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

impl Checks {
    /// That agent may have left its room.
    pub(crate) fn look_for(&self, agent_id: &str) {
        if let Some(check) = self.0.lock().get(agent_id) {
            check.notify_one();
        }
    }
}

struct Member {
    spec: watch::Sender<AgentSpec>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Crew {
    /// Nobody yet.
    pub(crate) fn new(workshop: Workshop, checks: Checks) -> Self {
        Self { workshop, members: HashMap::new(), leaving: HashMap::new(), checks }
    }

    /// Has exactly these at work: starts who is missing, ends who is too many, and begins anew with whom something else
    /// is wanted of. `session` tells how far those have come that were there before.
    pub(crate) fn arrange(&mut self, wanted: Vec<AgentSpec>, session: Option<&Session>) {
        let gone: Vec<_> = self
            .members
            .keys()
            .filter(|id| !wanted.iter().any(|spec| spec.agent_id == **id))
            .cloned()
            .collect();
        for agent_id in gone {
            if let Some(member) = self.members.remove(&agent_id) {
                self.checks.0.lock().remove(&agent_id);
                member.stop.cancel();
                self.leaving.insert(agent_id, member.task);
            }
        }
        self.leaving.retain(|_, task| !task.is_finished());
        for spec in wanted {
            match self.members.get(&spec.agent_id) {
                Some(member) => {
                    member.spec.send_if_modified(|known| {
                        let changed = *known != spec;
                        *known = spec;
                        changed
                    });
                }
                None => self.add(spec, session),
            }
        }
    }

    fn add(&mut self, spec: AgentSpec, session: Option<&Session>) {
        let agent_id = spec.agent_id.clone();
        let keeper = Keeper::new(self.workshop.clone(), session, &spec);
        let (told, spec) = watch::channel(spec);
        let (stop, check) = (CancellationToken::new(), Arc::new(Notify::new()));
        self.checks.0.lock().insert(agent_id.clone(), Arc::clone(&check));
        let post = Post { spec, stop: stop.clone(), check };
        let before = self.leaving.remove(&agent_id);
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // It has the same identity. However it ended, it has.
                let _ended = before.await;
            }
            keeper.keep(post).await;
        });
        self.members.insert(agent_id, Member { spec: told, stop, task });
    }

    /// Ends all, and waits until they finished what they had in hand.
    pub(crate) async fn end(self) {
        let mut tasks: Vec<_> = self.leaving.into_values().collect();
        for member in self.members.into_values() {
            member.stop.cancel();
            tasks.push(member.task);
        }
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, session.id = %self.workshop.session_id, "who kept an agent failed");
            }
        }
    }
}
