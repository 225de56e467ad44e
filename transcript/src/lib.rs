//! The segment log: what was said in a session, in every language, append-only. Everything that is shown, joined late,
//! exported or corrected is a reader of it.
//!
//! It knows nothing of who writes to it.

mod entry;
mod log;

pub use entry::{Entry, Position};
pub use log::SegmentLog;
