//! The livekit-provider: rooms and tokens, no event data of its own.

mod admission;
mod config;
pub mod domain;
mod figures;
pub mod persistence;
mod removal;
pub mod rooms;
mod routes;
mod start;
mod state;
#[cfg(test)]
mod testing;
mod webhook;

pub use config::{AUDIENCE, LiveKitConfig, ProviderConfig};
pub use figures::Figures;
pub use routes::router;
pub use start::{ABOUT, openapi, persistence, start};
pub use state::AppState;
