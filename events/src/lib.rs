//! The events-service: the source of truth for events, their channels, and who speaks and listens.

mod config;
pub mod demo;
pub mod domain;
pub mod import;
pub mod notices;
pub mod persistence;
mod routes;
mod start;
mod state;
#[cfg(test)]
mod testing;

pub use config::{AUDIENCE, DEFAULT_MAX_LIVE_EVENTS, EventsConfig};
pub use routes::router;
pub use start::{ABOUT, assemble, openapi, persistence, start};
pub use state::AppState;
