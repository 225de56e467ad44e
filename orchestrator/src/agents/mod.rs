//! The agents of a session: what each is to do, who runs them, and who keeps them at work.

mod attempt;
mod crew;
mod job;
mod keeper;
mod local;
mod spawner;
mod spool;

pub(crate) use self::{
    crew::{Checks, Crew},
    job::AgentSpec,
    keeper::Workshop,
};
pub use self::{
    job::Job,
    local::LocalSpawner,
    spawner::{AgentEnd, Listeners, Spawner},
};
