//! The events-service: the source of truth for events, their channels, and who speaks and listens.

pub mod domain;
pub mod import;
pub mod notices;
pub mod persistence;
mod state;

pub use state::AppState;
