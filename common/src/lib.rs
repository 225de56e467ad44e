//! The words that every part of Ilenia shares: ids, language tags, segments, configuration, telemetry.
//!
//! Nothing here knows of any one service, of rooms or of audio.

pub mod clock;
pub mod config;
pub mod ids;
pub mod language;
pub mod segment;
pub mod telemetry;

pub use ids::SegmentId;
pub use language::LanguageTag;
pub use segment::{Segment, SegmentState};
