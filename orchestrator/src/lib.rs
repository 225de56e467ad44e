//! The live-service: sessions from start to completed, their agents, their listeners and their segment log.

mod about;
pub mod agents;
mod config;
pub mod domain;
mod figures;
mod lifecycle;
mod notices;
pub mod persistence;
pub mod presence;
mod provider;
mod records;
mod routes;
mod start;
mod state;
#[cfg(test)]
mod testing;
pub mod watch;

pub use about::{ABOUT, openapi};
pub use config::{AUDIENCE, LiveConfig};
pub use lifecycle::Lifecycle;
pub use notices::{LiveNotices, channel as notices_channel};
pub use provider::{AgentToken, LiveKitProvider, Provider, Room};
pub use records::{AgentRecord, Artefact, RecordStatus, Records, SessionRecord};
pub use routes::router;
pub use start::{DRAIN, start};
pub use state::AppState;
