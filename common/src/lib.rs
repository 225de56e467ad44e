//! The words that every part of Ilenia shares: ids, language tags, segments, configuration, telemetry; and, for
//! services (feature `service`), their shell, problems, access tokens and live state.
//!
//! Nothing here knows of any one service, of rooms or of audio.

#[cfg(feature = "service")]
pub mod access;
pub mod clock;
pub mod config;
#[cfg(feature = "service")]
pub mod demo;
#[cfg(feature = "service")]
pub mod event;
#[cfg(feature = "service")]
pub mod http;
pub mod ids;
pub mod language;
#[cfg(feature = "service")]
pub mod live_state;
#[cfg(feature = "service")]
pub mod oauth;
#[cfg(feature = "service")]
pub mod peer;
#[cfg(feature = "service")]
pub mod persistence;
#[cfg(feature = "service")]
pub mod problem;
pub mod segment;
#[cfg(feature = "service")]
pub mod service;
pub mod telemetry;

pub use ids::SegmentId;
pub use language::LanguageTag;
pub use segment::{Segment, SegmentState};
